(* A point strictly inside a cell under squared loss: that it is a local minimum, and its risk, at once. The slopes are orthogonal to the predictions
   but for a number; so the sum of squares is linear in the residuals, and none of them is squared. Pieces are found from parameters of few digits.
   Products are shared: a coefficient is multiplied with the sum of the parameters that have it, and a slope once with each coefficient. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck Minorant Programs ProgramCheck.
Import ListNotations.
Open Scope R_scope.

Section FlatPoint.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Notation polynomial := (polynomial K).

(* ---- pieces: low and high are on the two sides of the parameters ---- *)
Fixpoint encloses (low v high : list t) : bool :=
  match low, v, high with [], [], [] => true | a :: low', x :: v', b :: high' => leb K a x && leb K x b && encloses low' v' high' | _, _, _ => false end.
Lemma encloses_ok : forall low v high, encloses low v high = true -> forall k, r (nth k low z0) <= r (nth k v z0) <= r (nth k high z0).
Proof.
  induction low as [|a low IH]; intros [|x v] [|b high] H k; try discriminate; [destruct k; simpl; lra|]. simpl in H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  apply (leb_ok KR) in H1, H2. destruct k as [|k]; simpl; [auto|apply IH; auto].
Qed.
(* from below a polynomial without products of parameters; from above with the sides exchanged *)
Definition without_products (p : polynomial) : bool := forallb (fun e => match fst e with [] | [_] => true | _ => false end) p.
Definition end_of (low high : list t) (p : polynomial) : t :=
  products K (map (fun e => (snd e, match fst e with k :: _ => nth k (if leb K z0 (snd e) then low else high) z0 | [] => one K end)) p).
Lemma end_of_ok v low high p : (forall k, r (nth k low z0) <= r (nth k v z0) <= r (nth k high z0)) -> without_products p = true ->
  r (end_of low high p) <= r (point_value K v p) <= r (end_of high low p).
Proof.
  intros H L. rewrite (point_value_ok K KR). unfold end_of, at_point. rewrite !(products_ok K KR). induction p as [|[m x] p IH]; [simpl; lra|]. cbn [without_products forallb fst] in L. apply andb_prop in L. destruct L as [L1 L2].
  specialize (IH L2). cbn [sum fst snd]. cut (r x * r (match m with k :: _ => nth k (if leb K z0 x then low else high) z0 | [] => one K end) <= r x * monomial (rv v) m /\
    r x * monomial (rv v) m <= r x * r (match m with k :: _ => nth k (if leb K z0 x then high else low) z0 | [] => one K end)); [lra|].
  destruct m as [|k [|j m]]; try discriminate; cbn [monomial]; [rewrite toR_one; lra|]. rewrite <- (nth_real K KR), Rmult_1_r. specialize (H k). destruct (leb K z0 x) eqn:E.
  - apply (leb_ok KR) in E. rewrite toR_zero in E. split; apply Rmult_le_compat_l; lra.
  - assert (N : r x < 0). { destruct (Rlt_le_dec (r x) 0) as [|G]; auto. rewrite <- (toR_zero KR) in G. apply (leb_ok KR) in G. congruence. }
    split; apply Rmult_le_compat_neg_l; lra.
Qed.
Fixpoint insideI (ps : list (t * t * t)) (last : t * t) (low high : t) : option (t * t) :=
  match ps with
  | [] => Some last
  | p :: ps' => if ltb K high (fst (fst p)) then Some (snd (fst p), snd p) else if ltb K (fst (fst p)) low then insideI ps' last low high else None
  end.
Lemma ltb_true a b : r a < r b -> ltb K a b = true.
Proof. intros H. unfold ltb. destruct (leb K b a) eqn:E; [|reflexivity]. apply (leb_ok KR) in E. lra. Qed.
Lemma insideI_ok ps last low z high so : r low <= r z <= r high -> insideI ps last low high = Some so -> insideT K ps last z = Some so.
Proof.
  intros H. induction ps as [|p ps IH]; [auto|]. cbn [insideI insideT]. destruct (ltb K high (fst (fst p))) eqn:E1.
  - apply (ltb_ok KR) in E1. rewrite (ltb_true z) by lra. auto.
  - destruct (ltb K (fst (fst p)) low) eqn:E2; [|discriminate]. apply (ltb_ok KR) in E2. rewrite (ltb_true (fst (fst p)) z) by lra.
    destruct (ltb K z (fst (fst p))) eqn:E3; [apply (ltb_ok KR) in E3; lra|]. exact IH.
Qed.
(* where the sides do not decide, the parameters themselves do *)
Definition piece_near (v low high : list t) (h : act t) (p : polynomial) : option (t * t) :=
  match (if without_products p then insideI (fst h) (snd h) (end_of low high p) (end_of high low p) else None) with Some so => Some so | None => piece_at K v h p end.
Lemma piece_near_ok v low high h p s o : encloses low v high = true -> piece_near v low high h p = Some (s, o) -> strict (ra KR h) (at_point K KR (rv v) p) (r s) (r o).
Proof.
  intros H E. apply (piece_at_ok K KR). unfold piece_near in E. destruct (without_products p) eqn:L; [|exact E]. destruct (insideI _ _ _ _) as [so|] eqn:I; [|exact E].
  rewrite <- E. unfold piece_at. eapply insideI_ok; [|exact I]. apply end_of_ok; auto. apply encloses_ok; auto.
Qed.

(* ---- few products: one for each coefficient that occurs, of the sum of the monomials that it multiplies ---- *)
Fixpoint gather (c x : t) (G : list (t * t)) : list (t * t) :=
  match G with [] => [(c, x)] | (d, y) :: G' => if eqb K c d then (d, y +! x) :: G' else (d, y) :: gather c x G' end.
Definition gathered (v : list t) (p : polynomial) : list (t * t) := fold_right (fun e => gather (snd e) (monomialT K v (fst e))) [] p.
Definition pairs_sum (G : list (t * t)) : R := fold_right (fun e s => r (fst e) * r (snd e) + s) 0 G.
Lemma gather_ok c x G : pairs_sum (gather c x G) = r c * r x + pairs_sum G.
Proof.
  unfold pairs_sum. induction G as [|[d y] G IH]; [simpl; ring|]. cbn [gather]. destruct (eqb K c d) eqn:E; cbn [fold_right fst snd]; [|rewrite IH; ring].
  apply (eqb_ok KR) in E. rewrite toR_add, E. ring.
Qed.
Lemma gathered_ok v p : pairs_sum (gathered v p) = r (point_value K v p).
Proof.
  unfold point_value. rewrite (products_ok K KR). unfold gathered. induction p as [|e p IH]; [reflexivity|]. cbn [fold_right sum]. rewrite gather_ok, IH. reflexivity.
Qed.
(* the slope at a label: twice the difference; unity is 1 in a form in which no sum needs a division *)
Definition slope_at (v : list t) (unity : t) (p : polynomial) (y : t) : t := let e := products K ((z0 -! y, unity) :: gathered v p) in e +! e.
Definition slopes_at (v : list t) (unity : t) (f : list polynomial) (y : list t) : list t := map (fun e => slope_at v unity (fst e) (snd e)) (combine f y).
Lemma slopes_ok v unity f y : r unity = 1 -> rv (slopes_at v unity f y) = rv (sqgT K (map (point_value K v) f) y).
Proof.
  intros U. unfold slopes_at, sqgT, InteriorCheck.rv. revert y. induction f as [|p f IH]; intros [|b y]; try reflexivity. cbn [combine map2 map fst snd]. f_equal; [|apply IH].
  unfold slope_at. cbv zeta. rewrite !toR_add, toR_products, toR_sub. cbn [fold_right fst snd]. fold (pairs_sum (gathered v p)). rewrite gathered_ok, toR_sub, toR_zero, U. ring.
Qed.
Fixpoint looked_up (a c : t) (U Y : list t) : t := match U, Y with d :: U', y :: Y' => if eqb K c d then y else looked_up a c U' Y' | _, _ => a *! c end.
Lemma looked_up_ok a c : forall U Y, map r Y = map (fun d => r a * r d) U -> r (looked_up a c U Y) = r a * r c.
Proof.
  induction U as [|d U IH]; intros [|y Y] H; try discriminate; [apply toR_mul|]. injection H as H1 H2. cbn [looked_up]. destruct (eqb K c d) eqn:E; [|auto]. apply (eqb_ok KR) in E. rewrite H1, E. reflexivity.
Qed.
Fixpoint distinct (l : list t) : list t := match l with [] => [] | c :: l' => let U := distinct l' in if existsb (eqb K c) U then U else c :: U end.
Definition times_each (a : t) (p : polynomial) : polynomial := let U := distinct (map snd p) in let Y := multiples K a U in map (fun e => (fst e, looked_up a (snd e) U Y)) p.
Lemma times_each_ok w a p : at_point K KR w (times_each a p) = r a * at_point K KR w p.
Proof.
  unfold times_each. cbv zeta. assert (H := toR_multiples KR a (distinct (map snd p))). revert H. generalize (distinct (map snd p)). intros U. generalize (multiples K a U). intros Y H.
  unfold at_point. induction p as [|e p IH]; [simpl; ring|]. cbn [map sum fst snd]. rewrite IH, (looked_up_ok a (snd e) U Y H). ring.
Qed.
Fixpoint combined_each (s : list t) (f : list polynomial) : polynomial := match s, f with a :: s', p :: f' => plus K (times_each a p) (combined_each s' f') | _, _ => [] end.
Definition tilted_each (S : list (list t)) (F : list (list polynomial)) : polynomial := fold_right (fun e => plus K (combined_each (fst e) (snd e))) [] (combine S F).
Lemma combined_each_ok w : forall s f, at_point K KR w (combined_each s f) = dot (rv s) (map (at_point K KR w) f).
Proof. induction s as [|a s IH]; intros [|p f]; try reflexivity. cbn [combined_each InteriorCheck.rv map dot]. rewrite (plus_ok K KR), times_each_ok, IH. reflexivity. Qed.
Lemma tilted_each_ok w S F : at_point K KR w (tilted_each S F) = at_point K KR w (tilted K S F).
Proof.
  unfold tilted_each, tilted. induction (combine S F) as [|e E IH]; [reflexivity|]. cbn [fold_right]. rewrite !(plus_ok K KR), IH, combined_each_ok, (combined_ok K KR). reflexivity.
Qed.

(* ---- twice the sum of the losses, if the point is a local minimum ---- *)
Definition flat_sum (v low high : list t) (unity : t) (P : list (node t)) (outs : list nat) (D : list (list t * list t)) : option t :=
  if encloses low v high then
    match traced K (piece_near v low high) P outs D with
    | Some F =>
        let S := map (fun e => slopes_at v unity (snd e) (snd (fst e))) (combine D F) in let M := tilted_each S F in
        if forallb (fun d => (length (snd d) =? length outs)%nat) D && is_number K M then Some (its_number K M -! sumT K (fun e => dotT K (snd e) (snd (fst e))) (combine D S)) else None
    | None => None
    end
  else None.
Lemma slope_square u y : length u = length y -> dot (rv (sqgT K u y)) (rv u) - dot (rv (sqgT K u y)) (rv y) = 2 * sqd (rv u) (rv y).
Proof.
  unfold sqgT. revert y. induction u as [|a u IH]; intros [|b y] L; try discriminate; [simpl; ring|]. specialize (IH y ltac:(simpl in L; lia)). cbn [map2 InteriorCheck.rv map dot sqd] in *. cbv zeta. rewrite toR_add, toR_sub.
  unfold InteriorCheck.rv in *. match type of IH with ?A - ?B = ?C => replace A with (C + B) by lra end. ring.
Qed.
Theorem flat_sum_ok v low high unity P outs D z : r unity = 1 -> flat_sum v low high unity P outs D = Some z ->
  r z = 2 * losses K KR squared P outs D (rv v) /\ nearby (rv v) (fun w => losses K KR squared P outs D (rv v) <= losses K KR squared P outs D w).
Proof.
  intros U. unfold flat_sum. destruct (encloses low v high) eqn:EN; [|discriminate]. destruct (traced K _ P outs D) as [F|] eqn:ET; [|discriminate]. cbv zeta.
  set (S := map (fun e => slopes_at v unity (snd e) (snd (fst e))) (combine D F)). destruct (_ && _) eqn:H; [|discriminate]. intros E. injection E as <-. apply andb_prop in H. destruct H as [LY H].
  assert (PN := fun h p s o => piece_near_ok v low high h p s o EN). assert (V := nearby_here _ _ (traced_ok K KR _ _ PN _ _ _ _ ET)). cbv beta in V.
  assert (FITS : Forall2 (fun d f => length f = length (snd d) /\ predicts K KR P outs (rv v) (rv (fst d)) = rv (map (point_value K v) f)) D F).
  { clear - V LY. revert F V. unfold predicted_at, rD. induction D as [|d D IH]; intros [|f F] V; try discriminate; [constructor|]. cbn [map] in V. injection V as V1 V2. cbn [forallb] in LY. apply andb_prop in LY. destruct LY as [L1 L2].
    apply Nat.eqb_eq in L1. constructor; [|apply IH; auto]. cbn [fst] in V1. split.
    - assert (L := f_equal (@length R) V1). unfold predicts in L. rewrite !map_length in L. congruence.
    - rewrite V1. unfold InteriorCheck.rv. rewrite map_map. apply map_ext. intros p. symmetry. apply (point_value_ok K KR). }
  assert (AS : all_support squared (rD KR D) (predicted_at K KR P outs D (rv v)) (map rv S)).
  { assert (LS : length S = length D). { unfold S. rewrite map_length, combine_length, (F2_length _ _ _ FITS). apply Nat.min_id. }
    split; [unfold predicted_at; rewrite map_length; auto|]. split; [unfold rD; rewrite !map_length; auto|]. unfold S, predicted_at, rD. clear - FITS U. induction FITS as [|d f D F [L E] FITS IH]; [constructor|].
    cbn [map combine fst snd]. constructor; [|exact IH]. cbn [fst snd]. rewrite E, (slopes_ok v unity f (snd d) U), (proj2 (squared_ok K KR)).
    assert (LL : length (rv (map (point_value K v) f)) = length (rv (snd d))) by (unfold InteriorCheck.rv; rewrite !map_length; auto).
    split; [exact LL|]. split; [cbn [slope squared]; clear - LL; revert LL; generalize (rv (map (point_value K v) f)) (rv (snd d)); induction l as [|a l IHl]; intros [|b m] H; try discriminate; simpl; auto|].
    intros u' Lu. apply tangent; auto. }
  split.
  - rewrite toR_sub, (sumT_ok K KR). rewrite <- (is_number_ok K KR (rv v)), tilted_each_ok by exact H. unfold tilted, losses, S, rD. clear - FITS U. induction FITS as [|d f D F [L E] FITS IH]; [unfold at_point; simpl; ring|].
    cbn [map combine fold_right sum fst snd]. rewrite (plus_ok K KR), (combined_ok K KR), (dotT_ok K KR), !(slopes_ok v unity f (snd d) U), E.
    assert (X := slope_square (map (point_value K v) f) (snd d) ltac:(rewrite map_length; auto)).
    replace (map (at_point K KR (rv v)) f) with (rv (map (point_value K v) f)) by (unfold InteriorCheck.rv; rewrite map_map; apply map_ext; intros p; apply (point_value_ok K KR)).
    cbn [value squared] in *. unfold InteriorCheck.rv in *. lra.
  - eapply nearby_imp; [|exact (traced_ok K KR _ _ PN _ _ _ _ ET)]. intros w W. cbv beta in W. assert (A := minorant_above K KR (rv v) squared P outs w D S F AS V W).
    rewrite <- !tilted_each_ok, !is_number_ok in A by auto. lra.
Qed.
End FlatPoint.
