(* Programs: on the cell of a point every value is a polynomial in the free parameters. What the checkers compute, and why. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck LossCheck Roots ValleyCheck FunctionBound Minorant Programs.
Import ListNotations.
Open Scope R_scope.

(* ---- near a point ---- *)
Definition nearby (v : list R) (Q : list R -> Prop) : Prop := exists e, 0 < e /\ forall w, close1 e v w -> Q w.
Lemma nearby_and v P Q : nearby v P -> nearby v Q -> nearby v (fun w => P w /\ Q w).
Proof.
  intros (e1 & H1 & A) (e2 & H2 & B). exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. intros w C.
  split; [apply A|apply B]; eapply close1_mono; eauto; [apply Rmin_l|apply Rmin_r].
Qed.
Lemma nearby_imp v (P Q : list R -> Prop) : (forall w, P w -> Q w) -> nearby v P -> nearby v Q.
Proof. intros H (e & He & A). exists e. split; auto. Qed.
Lemma nearby_always v (P : list R -> Prop) : (forall w, P w) -> nearby v P.
Proof. intros H. exists 1. split; [lra|auto]. Qed.
Lemma nearby_all {I} v (P : I -> list R -> Prop) S : (forall i, In i S -> nearby v (P i)) -> nearby v (fun w => forall i, In i S -> P i w).
Proof.
  induction S as [|i S IH]; intros H; [apply nearby_always; intros w i []|].
  apply (nearby_imp v (fun w => P i w /\ forall j, In j S -> P j w)); [intros w [A B] j [<-|Hj]; auto|].
  apply nearby_and; [apply H; left; auto|apply IH; intros; apply H; right; auto].
Qed.
Lemma nearby_here v (P : list R -> Prop) : nearby v P -> P v.
Proof. intros (e & He & H). apply H, close1_refl; auto. Qed.
Definition continuous (v : list R) (f : list R -> R) : Prop := forall d, 0 < d -> nearby v (fun w => Rabs (f w - f v) < d).
Lemma continuous_constant v c : continuous v (fun _ => c).
Proof. intros d Hd. apply nearby_always. intros _. rewrite Rminus_eq_0, Rabs_R0. auto. Qed.
Lemma continuous_coordinate v k : continuous v (fun w => nth k w 0).
Proof.
  intros d Hd. exists d. split; auto. intros w C. revert k. induction C as [|a b u w Hab C IH]; intros [|k]; simpl; auto; rewrite Rminus_eq_0, Rabs_R0; auto.
Qed.
Lemma continuous_sum v f g : continuous v f -> continuous v g -> continuous v (fun w => f w + g w).
Proof.
  intros F G d Hd. apply (nearby_imp v (fun w => Rabs (f w - f v) < d / 2 /\ Rabs (g w - g v) < d / 2)); [|apply nearby_and; [apply F|apply G]; lra].
  intros w [A B]. replace (f w + g w - (f v + g v)) with ((f w - f v) + (g w - g v)) by ring. apply Rle_lt_trans with (1 := Rabs_triang _ _). lra.
Qed.
Lemma continuous_product v f g : continuous v f -> continuous v g -> continuous v (fun w => f w * g w).
Proof.
  intros F G d Hd. destruct (mul_cont (f v) (g v) d Hd) as (e & He & H). eapply nearby_imp; [|apply nearby_and; [apply (F e He)|apply (G e He)]]. intros w [A B]. auto.
Qed.
Lemma close_free e th th' : close e th th' -> close1 e (free th) (free th').
Proof.
  unfold free, close1. intros H. assert (A : Forall2 (close1 e) (concat th) (concat th')) by (induction H; simpl; [constructor|apply Forall2_app; auto]).
  clear H. unfold close1 in A. revert A. generalize (concat th) (concat th'). intros u w A. induction A; simpl; [constructor|apply Forall2_app; auto].
Qed.

Section Programs.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).

Definition r_slot (s : slot t) : slot R := match s with Free k => Free k | Number a => Number (r a) end.
Definition r_node (n : node t) : node R :=
  match n with Affine rows => Affine (map (map (fun e => (r_slot (fst e), snd e))) rows) | Bend h units => Bend (ra KR h) units end.

(* ---- polynomials in the free parameters: monomials as sorted lists of their numbers, in order ---- *)
Definition polynomial : Type := list (list nat * t).
Fixpoint monomial (v : list R) (m : list nat) : R := match m with [] => 1 | k :: m' => nth k v 0 * monomial v m' end.
Definition at_point (v : list R) (P : polynomial) : R := sum (fun e => r (snd e) * monomial v (fst e)) P.

Fixpoint compare (a b : list nat) : comparison :=
  match a, b with [], [] => Eq | [], _ => Lt | _, [] => Gt | i :: a', j :: b' => match Nat.compare i j with Eq => compare a' b' | c => c end end.
(* by degree first *)
Definition order (a b : list nat) : comparison := match Nat.compare (length a) (length b) with Eq => compare a b | c => c end.
Lemma order_ok a b : order a b = Eq -> a = b.
Proof.
  unfold order. destruct (Nat.compare (length a) (length b)); try discriminate. revert b. induction a as [|i a IH]; intros [|j b] H; simpl in H; try discriminate; auto.
  destruct (Nat.compare i j) eqn:E; try discriminate. apply Nat.compare_eq in E. subst. f_equal. auto.
Qed.
Fixpoint plus (p : polynomial) : polynomial -> polynomial :=
  match p with
  | [] => fun q => q
  | (a, x) :: p' => fix with_first (q : polynomial) : polynomial :=
      match q with
      | [] => p
      | (b, y) :: q' => match order a b with
          | Eq => let s := x +! y in if eqb K s z0 then plus p' q' else (a, s) :: plus p' q'
          | Lt => (a, x) :: plus p' q
          | Gt => (b, y) :: with_first q' end
      end
  end.
Lemma plus_ok v : forall p q, at_point v (plus p q) = at_point v p + at_point v q.
Proof.
  unfold at_point. induction p as [|[a x] p IH]; intros q; [simpl; ring|]. induction q as [|[b y] q IHq]; [cbn [plus sum]; ring|].
  cbn [plus]. destruct (order a b) eqn:E.
  - apply order_ok in E. subst b. destruct (eqb K (x +! y) z0) eqn:Z.
    + apply (eqb_ok KR) in Z. rewrite toR_add, toR_zero in Z. rewrite IH. cbn [sum fst snd]. replace (r y) with (- r x) by lra. ring.
    + cbn [sum fst snd]. rewrite IH, toR_add. ring.
  - cbn [sum fst snd]. rewrite IH. cbn [sum fst snd]. ring.
  - cbn [sum fst snd]. cbn [plus] in IHq. rewrite IHq. cbn [sum fst snd]. ring.
Qed.
Definition times (c : t) (p : polynomial) : polynomial := if eqb K c z0 then [] else combine (map fst p) (multiples K c (map snd p)).
Lemma times_ok v c p : at_point v (times c p) = r c * at_point v p.
Proof.
  unfold times, at_point. destruct (eqb K c z0) eqn:Z; [apply (eqb_ok KR) in Z; rewrite Z, toR_zero; simpl; ring|].
  assert (M := toR_multiples KR c (map snd p)). rewrite map_map in M. clear Z. revert M. generalize (multiples K c (map snd p)).
  induction p as [|e p IH]; intros [|b l] M; try discriminate; [simpl; ring|]. injection M as M1 M2. cbn [map combine sum fst snd]. rewrite (IH l M2), M1. ring.
Qed.
Fixpoint insert (k : nat) (m : list nat) : list nat := match m with [] => [k] | j :: m' => if (k <=? j)%nat then k :: m else j :: insert k m' end.
Lemma insert_ok v k : forall m, monomial v (insert k m) = nth k v 0 * monomial v m.
Proof. induction m as [|j m IH]; simpl; [ring|]. destruct (k <=? j)%nat; simpl; [ring|]. rewrite IH. ring. Qed.
Definition times_free (k : nat) (p : polynomial) : polynomial := map (fun e => (insert k (fst e), snd e)) p.
Lemma times_free_ok v k p : at_point v (times_free k p) = nth k v 0 * at_point v p.
Proof. unfold times_free, at_point. induction p as [|e p IH]; [simpl; ring|]. cbn [map sum fst snd]. rewrite IH, insert_ok. ring. Qed.
Definition number (c : t) : polynomial := if eqb K c z0 then [] else [([], c)].
Lemma number_ok v c : at_point v (number c) = r c.
Proof. unfold number, at_point. destruct (eqb K c z0) eqn:Z; [apply (eqb_ok KR) in Z; rewrite Z, toR_zero; reflexivity|]. cbn [sum fst snd monomial]. ring. Qed.
Lemma continuous_polynomial v P : continuous v (fun w => at_point w P).
Proof.
  unfold at_point. induction P as [|[m x] P IH]; [apply (continuous_constant v 0)|]. cbn [sum fst snd]. apply continuous_sum; auto. apply continuous_product; [apply continuous_constant|].
  induction m as [|k m IHm]; [apply (continuous_constant v 1)|]. cbn [monomial]. apply continuous_product; auto. apply continuous_coordinate.
Qed.
(* no parameter in it *)
Definition is_number (p : polynomial) : bool := forallb (fun e => match fst e with [] => true | _ => eqb K (snd e) z0 end) p.
Definition its_number (p : polynomial) : t := sumT K (fun e => match fst e with [] => snd e | _ => z0 end) p.
Lemma is_number_ok v p : is_number p = true -> at_point v p = r (its_number p).
Proof.
  unfold its_number, at_point. rewrite (sumT_ok K KR). induction p as [|[m x] p IH]; [reflexivity|]. cbn [is_number forallb fst snd sum]. intros H. apply andb_prop in H. destruct H as [H1 H2].
  rewrite IH by exact H2. destruct m as [|k m]; cbn [monomial]; [ring|]. apply (eqb_ok KR) in H1. rewrite H1, toR_zero. ring.
Qed.

(* ---- a program on pieces of its activations ---- *)
Definition factor_times (s : slot t) (p : polynomial) : polynomial := match s with Free k => times_free k p | Number a => times a p end.
Definition row_on (u : list polynomial) (row : list (slot t * nat)) : polynomial := fold_right (fun e => plus (factor_times (fst e) (nth (snd e) u []))) [] row.
Section Pieces.
(* the slope and offset of the piece that a value is strictly inside *)
Variable piece : act t -> polynomial -> option (t * t).
(* a value in which there is no parameter is on no boundary *)
Definition bent_on (h : act t) (p : polynomial) : option polynomial :=
  if is_number p then Some (number (evT K h (its_number p))) else
  match piece h p with Some (s, o) => Some (plus (times s p) (number o)) | None => None end.
Fixpoint all_some {A B} (f : A -> option B) (l : list A) : option (list B) :=
  match l with [] => Some [] | a :: l' => match f a, all_some f l' with Some b, Some m => Some (b :: m) | _, _ => None end end.
Definition node_on (u : list polynomial) (n : node t) : option (list polynomial) :=
  match n with Affine rows => Some (map (row_on u) rows) | Bend h units => all_some (fun k => bent_on h (nth k u [])) units end.
Fixpoint values_on (P : list (node t)) (u : list polynomial) : option (list polynomial) :=
  match P with [] => Some u | n :: P' => match node_on u n with Some new => values_on P' (u ++ new) | None => None end end.
Definition input_values (x : list t) : list polynomial := map number (one K :: x).
Definition outputs_on (P : list (node t)) (outs : list nat) (x : list t) : option (list polynomial) :=
  match values_on P (input_values x) with Some u => Some (map (fun k => nth k u []) outs) | None => None end.

Variable v : list R.
Hypothesis inside_piece : forall h p s o, piece h p = Some (s, o) -> strict (ra KR h) (at_point v p) (r s) (r o).
Lemma nth_at w k u : nth k (map (at_point w) u) 0 = at_point w (nth k u []).
Proof. change 0 with (at_point w []). apply map_nth. Qed.
Lemma row_on_ok w u row : row_at w (map (at_point w) u) (map (fun e => (r_slot (fst e), snd e)) row) = at_point w (row_on u row).
Proof.
  unfold row_at, row_on. induction row as [|[s k] row IH]; [reflexivity|]. cbn [map sum fold_right fst snd]. rewrite plus_ok, IH, nth_at. f_equal.
  destruct s; cbn [r_slot factor_at factor_times]; [rewrite times_free_ok|rewrite times_ok]; reflexivity.
Qed.
Lemma bent_on_ok h p q : bent_on h p = Some q -> nearby v (fun w => ev (ra KR h) (at_point w p) = at_point w q).
Proof.
  unfold bent_on. destruct (is_number p) eqn:N.
  - intros H. inversion H; subst. apply nearby_always. intros w. rewrite (is_number_ok w p N), number_ok. symmetry. apply (evT_ok K KR).
  - destruct (piece h p) as [[s o]|] eqn:E; [|discriminate]. intros H. inversion H; subst. destruct (inside_piece _ _ _ _ E) as (d & Hd & A).
    apply (nearby_imp v (fun w => Rabs (at_point w p - at_point v p) < d)); [|apply continuous_polynomial; auto]. intros w B. rewrite plus_ok, times_ok, number_ok. auto.
Qed.
Lemma bent_all_ok h u : forall units new, all_some (fun k => bent_on h (nth k u [])) units = Some new ->
  nearby v (fun w => map (fun k => ev (ra KR h) (nth k (map (at_point w) u) 0)) units = map (at_point w) new).
Proof.
  induction units as [|k units IH]; intros new H; simpl in H.
  - inversion H; subst. apply nearby_always. auto.
  - destruct (bent_on h (nth k u [])) as [q|] eqn:E; [|discriminate]. destruct (all_some _ units) as [m|]; [|discriminate]. inversion H; subst.
    eapply nearby_imp; [|apply nearby_and; [exact (bent_on_ok _ _ _ E)|exact (IH m eq_refl)]]. intros w [A B]. cbn [map]. f_equal; [|exact B]. rewrite <- A. f_equal. apply nth_at.
Qed.
Lemma node_on_ok u n new : node_on u n = Some new -> nearby v (fun w => node_at w (map (at_point w) u) (r_node n) = map (at_point w) new).
Proof.
  destruct n as [rows|h units]; simpl; intros H; [|apply bent_all_ok; auto]. inversion H; subst. apply nearby_always. intros w. rewrite !map_map. apply map_ext. intros row. apply row_on_ok.
Qed.
Lemma values_on_ok : forall P u u', values_on P u = Some u' -> nearby v (fun w => values w (map r_node P) (map (at_point w) u) = map (at_point w) u').
Proof.
  induction P as [|n P IH]; intros u u' H; simpl in H.
  - inversion H; subst. apply nearby_always. auto.
  - destruct (node_on u n) as [new|] eqn:E; [|discriminate]. eapply nearby_imp; [|apply nearby_and; [exact (node_on_ok _ _ _ E)|exact (IH _ _ H)]].
    intros w [A B]. unfold values in *. cbn [map fold_left]. rewrite A, <- map_app. exact B.
Qed.
Lemma input_values_ok w x : map (at_point w) (input_values x) = 1 :: rv x.
Proof. unfold input_values. rewrite map_map. cbn [map]. rewrite number_ok, toR_one. f_equal. apply map_ext. intros a. apply number_ok. Qed.
Definition predicts (P : list (node t)) (outs : list nat) (w : list R) (x : list R) : list R := map (fun k => nth k (values w (map r_node P) (1 :: x)) 0) outs.
Lemma outputs_on_ok P outs x f : outputs_on P outs x = Some f -> nearby v (fun w => predicts P outs w (rv x) = map (at_point w) f).
Proof.
  unfold outputs_on. destruct (values_on P (input_values x)) as [u|] eqn:E; [|discriminate]. intros H. inversion H; subst.
  eapply nearby_imp; [|exact (values_on_ok _ _ _ E)]. intros w A. cbv beta in A. rewrite input_values_ok in A. unfold predicts. rewrite A, map_map. apply map_ext. intros k. apply nth_at.
Qed.

(* ---- local minima: the first-order minorant is constant on the cell ---- *)
Fixpoint combined (s : list t) (f : list polynomial) : polynomial :=
  match s, f with a :: s', p :: f' => plus (times a p) (combined s' f') | _, _ => [] end.
Lemma combined_ok w : forall s f, at_point w (combined s f) = dot (rv s) (map (at_point w) f).
Proof. induction s as [|a s IH]; intros [|p f]; try reflexivity. cbn [combined InteriorCheck.rv map dot]. rewrite plus_ok, times_ok, IH. reflexivity. Qed.
(* sum over the samples of slopes times predictions *)
Definition tilted (S : list (list t)) (F : list (list polynomial)) : polynomial := fold_right (fun e => plus (combined (fst e) (snd e))) [] (combine S F).
Definition traced (P : list (node t)) (outs : list nat) (D : list (list t * list t)) : option (list (list polynomial)) := all_some (fun d => outputs_on P outs (fst d)) D.
Definition losses (L : convex_loss) (P : list (node t)) (outs : list nat) (D : list (list t * list t)) (w : list R) : R :=
  sum (fun d => value L (predicts P outs w (fst d)) (snd d)) (rD KR D).
Definition predicted_at P outs (D : list (list t * list t)) w : list (list R) := map (fun d => predicts P outs w (fst d)) (rD KR D).
Lemma traced_ok P outs : forall D F, traced P outs D = Some F -> nearby v (fun w => predicted_at P outs D w = map (map (at_point w)) F).
Proof.
  unfold traced, predicted_at. induction D as [|d D IH]; intros F H; simpl in H.
  - inversion H; subst. apply nearby_always. auto.
  - destruct (outputs_on P outs (fst d)) as [f|] eqn:E; [|discriminate]. destruct (all_some _ D) as [F'|]; [|discriminate]. inversion H; subst.
    eapply nearby_imp; [|apply nearby_and; [exact (outputs_on_ok _ _ _ _ E)|exact (IH _ eq_refl)]]. intros w [A B]. cbv beta in A. cbn [rD map]. f_equal; [exact A|exact B].
Qed.
Lemma minorant_above L P outs w : forall D S F, all_support L (rD KR D) (predicted_at P outs D v) (map rv S) ->
  predicted_at P outs D v = map (map (at_point v)) F -> predicted_at P outs D w = map (map (at_point w)) F ->
  at_point w (tilted S F) - at_point v (tilted S F) <= losses L P outs D w - losses L P outs D v.
Proof.
  unfold losses, predicted_at, tilted. induction D as [|d D IH]; intros [|s S] [|f F] (L1 & L2 & A) V W; try discriminate; [unfold at_point; simpl; lra|].
  cbn [rD map fst snd] in V, W. injection V as V1 V2. injection W as W1 W2. cbn [rD map combine] in A. inversion A as [|e E (A1 & A2 & A3) A']; subst. cbn [fst snd] in *.
  cbn [rD map combine fold_right fst snd sum]. rewrite !plus_ok, !combined_ok, <- V1, <- W1.
  specialize (A3 (predicts P outs w (rv (fst d)))). assert (LW : length (predicts P outs w (rv (fst d))) = length (rv (snd d))) by (rewrite <- A1; unfold predicts; rewrite !map_length; auto).
  specialize (A3 LW). assert (I := IH S F (conj (eq_add_S _ _ L1) (conj (eq_add_S _ _ L2) A')) V2 W2). unfold rD in *. lra.
Qed.
Definition check_flat P outs D (S : list (list t)) : bool := match traced P outs D with Some F => is_number (tilted S F) | None => false end.
Theorem check_flat_ok L P outs D S : all_support L (rD KR D) (predicted_at P outs D v) (map rv S) -> check_flat P outs D S = true ->
  nearby v (fun w => losses L P outs D v <= losses L P outs D w).
Proof.
  unfold check_flat. intros A H. destruct (traced P outs D) as [F|] eqn:E; [|discriminate]. assert (T := traced_ok _ _ _ _ E). assert (V := nearby_here _ _ T). cbv beta in V.
  eapply nearby_imp; [|exact T]. intros w W. cbv beta in W. assert (M := minorant_above L P outs w D S F A V W). rewrite !is_number_ok in M by auto. lra.
Qed.
End Pieces.

(* ---- evaluation ---- *)
Definition factorT (v : list t) (s : slot t) : t := match s with Free k => nth k v z0 | Number a => a end.
Definition rowT (v u : list t) (row : list (slot t * nat)) : t := products K (map (fun e => (factorT v (fst e), nth (snd e) u z0)) row).
Lemma products_ok {A} (f g : A -> t) l : r (products K (map (fun e => (f e, g e)) l)) = sum (fun e => r (f e) * r (g e)) l.
Proof. rewrite toR_products. induction l as [|e l IH]; [reflexivity|]. cbn [map fold_right fst snd sum]. rewrite IH. reflexivity. Qed.
Definition nodeT (v u : list t) (n : node t) : list t :=
  match n with Affine rows => map (rowT v u) rows | Bend h units => map (fun k => evT K h (nth k u z0)) units end.
Definition valuesT (v : list t) (P : list (node t)) (u : list t) : list t := fold_left (fun u n => u ++ nodeT v u n) P u.
Definition predictsT (P : list (node t)) (outs : list nat) (v x : list t) : list t := let u := valuesT v P (one K :: x) in map (fun k => nth k u z0) outs.
Lemma nth_real k v : r (nth k v z0) = nth k (rv v) 0.
Proof. rewrite <- (toR_zero KR). unfold InteriorCheck.rv. symmetry. apply map_nth. Qed.
Lemma nodeT_ok v u n : rv (nodeT v u n) = node_at (rv v) (rv u) (r_node n).
Proof.
  destruct n as [rows|h units]; cbn [nodeT r_node node_at]; unfold InteriorCheck.rv at 1; rewrite !map_map; apply map_ext.
  - intros row. unfold rowT, row_at. rewrite products_ok, sum_map. apply sum_ext. intros [s k] _. cbn [fst snd]. rewrite nth_real. f_equal.
    destruct s; cbn [factorT r_slot factor_at]; [apply nth_real|reflexivity].
  - intros k. rewrite (evT_ok K KR), nth_real. reflexivity.
Qed.
Lemma valuesT_ok v : forall P u, rv (valuesT v P u) = values (rv v) (map r_node P) (rv u).
Proof.
  unfold valuesT, values. induction P as [|n P IH]; intros u; [reflexivity|]. cbn [map fold_left]. rewrite IH. f_equal. unfold InteriorCheck.rv at 1. rewrite map_app. f_equal. apply nodeT_ok.
Qed.
Lemma predictsT_ok P outs v x : rv (predictsT P outs v x) = predicts P outs (rv v) (rv x).
Proof.
  unfold predictsT, predicts. cbv zeta. unfold InteriorCheck.rv at 1. rewrite map_map. apply map_ext. intros k. rewrite nth_real, valuesT_ok. cbn [InteriorCheck.rv map]. rewrite toR_one. reflexivity.
Qed.

(* ---- a point strictly inside its cell ---- *)
Fixpoint monomialT (v : list t) (m : list nat) : t := match m with [] => one K | [k] => nth k v z0 | k :: m' => nth k v z0 *! monomialT v m' end.
Definition point_value (v : list t) (p : polynomial) : t := products K (map (fun e => (snd e, monomialT v (fst e))) p).
Lemma point_value_ok v p : r (point_value v p) = at_point (rv v) p.
Proof.
  unfold point_value, at_point. rewrite products_ok. apply sum_ext. intros [m x] _. cbn [fst snd]. f_equal.
  induction m as [|k m IH]; [apply toR_one|]. destruct m as [|j m]; [cbn [monomialT monomial]; rewrite nth_real; ring|].
  change (monomialT v (k :: j :: m)) with (nth k v z0 *! monomialT v (j :: m)). rewrite toR_mul, IH, nth_real. reflexivity.
Qed.
Definition piece_at (v : list t) (h : act t) (p : polynomial) : option (t * t) := insideT K (fst h) (snd h) (point_value v p).
Lemma piece_at_ok v h p s o : piece_at v h p = Some (s, o) -> strict (ra KR h) (at_point (rv v) p) (r s) (r o).
Proof. intros H. apply (insideT_ok K KR) in H. rewrite point_value_ok in H. exact H. Qed.

(* ---- a path: parameters that are polynomials in t, over [0, 1] ---- *)
Notation poly := (list t).
Definition along (path : list poly) (p : polynomial) : poly :=
  fold_right (fun e => padd K (map (mul K (snd e)) (fold_right (fun k => pmul K (nth k path [])) [one K] (fst e)))) [] p.
Lemma along_ok x path p : ev_p K KR x (along path p) = at_point (map (ev_p K KR x) path) p.
Proof.
  unfold along, at_point. induction p as [|[m c] p IH]; [reflexivity|]. cbn [fold_right sum fst snd]. rewrite (padd_ok K KR), (pscal_ok K KR), IH. f_equal. f_equal.
  induction m as [|k m IHm]; cbn [fold_right monomial]; [rewrite (ev1 K KR); apply toR_one|]. rewrite (pmul_ok K KR), IHm. f_equal.
  change 0 with (ev_p K KR x []). symmetry. apply map_nth.
Qed.
Definition piece_along (path : list poly) (h : act t) (p : polynomial) : option (t * t) := insideP K (fst h) (snd h) (along path p).
Lemma piece_along_ok x path h p s o : 0 <= x <= 1 -> piece_along path h p = Some (s, o) -> strict (ra KR h) (at_point (map (ev_p K KR x) path) p) (r s) (r o).
Proof. intros Hx H. apply (insideP_ok K KR x _ _ _ _ Hx) in H. rewrite along_ok in H. exact H. Qed.
Definition still (path : list poly) P outs D : bool :=
  match traced (piece_along path) P outs D with Some F => forallb (forallb (fun p => constP K (along path p))) F | None => false end.
Lemma still_ok path P outs D : still path P outs D = true -> forall x, 0 <= x <= 1 ->
  predicted_at P outs D (map (ev_p K KR x) path) = predicted_at P outs D (map (ev_p K KR 0) path).
Proof.
  unfold still. intros H x Hx. destruct (traced (piece_along path) P outs D) as [F|] eqn:E; [|discriminate].
  assert (T : forall y, 0 <= y <= 1 -> predicted_at P outs D (map (ev_p K KR y) path) = map (map (at_point (map (ev_p K KR y) path))) F).
  { intros y Hy. exact (nearby_here _ _ (traced_ok _ _ (fun h p s o => piece_along_ok y path h p s o Hy) _ _ _ _ E)). }
  rewrite (T x Hx), (T 0 ltac:(lra)). apply map_ext_in. intros f Hf. apply map_ext_in. intros p Hp. rewrite <- !along_ok.
  rewrite forallb_forall in H. specialize (H f Hf). rewrite forallb_forall in H. specialize (H p Hp). rewrite !(constP_ok K KR) by auto. reflexivity.
Qed.

(* ---- no function of the inputs does better than these fits, by slopes that cancel over equal inputs ---- *)
Definition cancel (m : nat) (D : list (list t * list t)) (S : list (list t)) : bool :=
  let E := combine D S in
  forallb (fun k => if forallb (fun e => eqb K (nth k (snd e) z0) z0) E then true else
    forallb (fun e0 => eqb K (sumT K (fun e => if sameT K (fst (fst e)) (fst (fst e0)) then nth k (snd e) z0 else z0) E) z0) E) (seq 0 m).
Definition conjugate (l : list t -> list t -> t) (D : list (list t * list t)) (fits S : list (list t)) : t :=
  sumT K (fun e => l (snd (fst e)) (snd (fst (fst e))) -! dotT K (snd e) (snd (fst e))) (combine (combine D fits) S).
Theorem any_function l L m D fits S : means1 KR l (value L) -> all_support L (rD KR D) (map rv fits) (map rv S) -> cancel m D S = true ->
  forall F : list R -> list R, (forall d, In d (rD KR D) -> length (F (fst d)) = m /\ length (snd d) = m) ->
  r (conjugate l D fits S) <= sum (fun d => value L (F (fst d)) (snd d)) (rD KR D).
Proof.
  intros HV (L1 & L2 & A) H F HF. unfold rD in L1, L2. rewrite !map_length in L1, L2.
  assert (Z : sum (fun e : list t * list t * list t => dot (rv (snd e)) (F (rv (fst (fst e))))) (combine D S) = 0).
  { transitivity (sum (fun e : list t * list t * list t => sumn m (fun k => nth k (rv (snd e)) 0 * nth k (F (rv (fst (fst e)))) 0)) (combine D S)).
    { apply sum_ext. intros [d s] He. cbn [fst snd]. apply dot_sumn. apply in_combine_l in He. apply (HF (rv (fst d), rv (snd d))). unfold rD. apply (in_map (fun d => (rv (fst d), rv (snd d)))). exact He. }
    rewrite sum_sumn. apply sumn_zero. intros k Hk. apply (groups (fun e : list t * list t * list t => nth k (rv (snd e)) 0) (fun e => rv (fst (fst e))) (combine D S)) with (F := fun x => nth k (F x) 0).
    intros j Hj. unfold cancel in H. rewrite forallb_forall in H. specialize (H k ltac:(apply in_seq; lia)). destruct (forallb (fun e => _) (combine D S)) eqn:N in H; rewrite forallb_forall in H || rewrite forallb_forall in N.
    { apply sum_0. intros e He. destruct (same _ _); [|reflexivity]. apply N, (eqb_ok KR) in He. rewrite toR_zero in He. transitivity (r (nth k (snd e) z0)); [rewrite <- (toR_zero KR); unfold InteriorCheck.rv; apply map_nth|exact He]. }
    specialize (H j Hj). apply (eqb_ok KR) in H. rewrite toR_zero, (sumT_ok K KR) in H. etransitivity; [|exact H]. apply sum_ext. intros e _. rewrite (sameT_ok K KR). destruct (same _ _); [|symmetry; apply toR_zero].
    rewrite <- (toR_zero KR). unfold InteriorCheck.rv. apply map_nth. }
  unfold conjugate. rewrite (sumT_ok K KR). apply Rle_trans with (sum (fun d => value L (F (fst d)) (snd d)) (rD KR D) - sum (fun e : list t * list t * list t => dot (rv (snd e)) (F (rv (fst (fst e))))) (combine D S)); [|rewrite Z; lra].
  clear Z H. revert fits S L1 L2 A HF. induction D as [|d D IH]; intros [|u fits] [|s S] L1 L2 A HF; try discriminate; [simpl; lra|].
  cbn [rD map combine] in A. inversion A as [|e E (A1 & A2 & A3) A']; subst. cbn [fst snd] in *. cbn [rD map combine sum fst snd]. rewrite toR_sub, HV, (dotT_ok K KR).
  destruct (HF _ (or_introl eq_refl)) as [F1 F2]. cbn [fst snd] in F1, F2. specialize (A3 (F (rv (fst d)))). rewrite F1, F2 in A3. specialize (A3 eq_refl).
  assert (I := IH fits S ltac:(simpl in L1; lia) ltac:(simpl in L2; lia) A' (fun d' Hd => HF d' (or_intror Hd))). unfold rD in *. lra.
Qed.
End Programs.
