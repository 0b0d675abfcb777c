(* Programs that are affine maps on the data: where every activation is on one piece at all samples; best affine fits. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck FunctionBound Minorant Programs ProgramCheck.
Import ListNotations.
Open Scope R_scope.

Section Affine.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Notation polynomial := (polynomial K).
Notation at_point := (at_point K KR).

(* ---- one piece at all samples ---- *)
Section Linear.
Variable piece : act t -> polynomial -> option (t * t).
Variable v : list R.
Hypothesis inside_piece : forall h p s o, piece h p = Some (s, o) -> strict (ra KR h) (at_point v p) (r s) (r o).
(* a value in which there is no parameter is on the first piece that has it *)
Fixpoint first_piece (ps : list (t * t * t)) (last : t * t) (z : t) : t * t :=
  match ps with [] => last | p :: ps' => if leb K z (fst (fst p)) then (snd (fst p), snd p) else first_piece ps' last z end.
Definition piece_of (h : act t) (p : polynomial) : option (t * t) := if is_number K p then Some (first_piece (fst h) (snd h) (its_number K p)) else piece h p.
Lemma piece_of_ok h p s o : piece_of h p = Some (s, o) -> nearby v (fun w => ev (ra KR h) (at_point w p) = r s * at_point w p + r o).
Proof.
  unfold piece_of. intros H. destruct (is_number K p) eqn:N.
  - apply nearby_always. intros w. rewrite (is_number_ok K KR w p N), <- (evT_ok K KR). destruct h as [ps last]. unfold evT. cbn [fst snd] in *. revert H. generalize (its_number K p). intros z H.
    induction ps as [|q ps IH]; cbn [first_piece plinT] in *; [inversion H; cbn [fst snd]; rewrite toR_add, toR_mul; reflexivity|].
    destruct (leb K z (fst (fst q))); [inversion H; rewrite toR_add, toR_mul; reflexivity|]. apply IH. exact H.
  - destruct (inside_piece _ _ _ _ H) as (d & Hd & A). apply (nearby_imp v (fun w => Rabs (at_point w p - at_point v p) < d)); [|apply (continuous_polynomial K KR); auto]. intros w C. apply A, C.
Qed.
(* us: the values on each sample *)
Definition one_piece (h : act t) (k : nat) (us : list (list polynomial)) : option (t * t) :=
  match us with
  | [] => None
  | u :: _ => match piece_of h (nth k u []) with
      | None => None
      | Some (s, o) => if forallb (fun u => match piece_of h (nth k u []) with Some (s', o') => eqR K s s' && eqR K o o' | None => false end) us then Some (s, o) else None end
  end.
Fixpoint all_linear (P : list (node t)) (us : list (list polynomial)) : bool :=
  match P with
  | [] => true
  | n :: P' =>
      match n with Affine _ => true | Bend h units => forallb (fun k => match one_piece h k us with Some _ => true | None => false end) units end &&
      match all_some (fun u => node_on K piece u n) us with Some news => all_linear P' (map (fun e => fst e ++ snd e) (combine us news)) | None => false end
  end.
Lemma one_piece_ok h k us s o : one_piece h k us = Some (s, o) -> forall u, In u us -> nearby v (fun w => ev (ra KR h) (at_point w (nth k u [])) = r s * at_point w (nth k u []) + r o).
Proof.
  unfold one_piece. intros H. destruct us as [|u0 us]; [discriminate|]. destruct (piece_of h (nth k u0 [])) as [[s0 o0]|]; [|discriminate]. destruct (forallb _ _) eqn:A in H; [|discriminate H]. inversion H; subst. clear H.
  intros u Hu. rewrite forallb_forall in A. specialize (A u Hu). cbv beta in A. match type of A with match ?x with _ => _ end = true => destruct x as [[s' o']|] eqn:E end; [|discriminate A]. apply andb_prop in A. destruct A as [A1 A2].
  apply (eqR_ok K KR) in A1, A2. rewrite A1, A2. apply (piece_of_ok _ _ _ _ E).
Qed.
(* on every sample the values are those of one matrix, applied to 1 and the input *)
Definition linear_at (X : list (list R)) (us : list (list polynomial)) (w : list R) (M : list (list R)) : Prop :=
  Forall2 (fun x u => map (at_point w) u = map (fun row => dot row x) M) X us.
Lemma nth_dot x k M : nth k (map (fun row => dot row x) M) 0 = dot (nth k M []) x.
Proof. change 0 with (dot [] x). apply (map_nth (fun row => dot row x)). Qed.
(* the new rows of one node *)
Lemma node_linear n us : match n with Affine _ => true | Bend h units => forallb (fun k => match one_piece h k us with Some _ => true | None => false end) units end = true ->
  nearby v (fun w => forall X M, linear_at X us w M -> Forall (fun x => exists x', x = 1 :: x') X ->
    exists M', Forall2 (fun x u => node_at w (map (at_point w) u) (r_node K KR n) = map (fun row => dot row x) M') X us).
Proof.
  destruct n as [rows|h units]; intros H.
  - apply nearby_always. intros w X M L _. exists (map (fun row => fold_right (fun e => vadd (map (Rmult (factor_at w (r_slot K KR (fst e)))) (nth (snd e) M []))) [] row) rows).
    induction L as [|x u X us E L IH]; constructor; auto. cbn [r_node node_at]. rewrite !map_map. apply map_ext. intros row. rewrite E.
    unfold row_at. induction row as [|e row IHr]; [reflexivity|]. cbn [map sum fold_right fst snd]. rewrite IHr, dot_vadd, dot_scale, nth_dot. reflexivity.
  - assert (G : nearby v (fun w => forall k, In k units -> exists s o, forall u, In u us -> ev (ra KR h) (at_point w (nth k u [])) = s * at_point w (nth k u []) + o)).
    { apply nearby_all. intros k Hk. rewrite forallb_forall in H. specialize (H k Hk). destruct (one_piece h k us) as [[s o]|] eqn:E; [|discriminate].
      apply (nearby_imp v (fun w => forall u, In u us -> ev (ra KR h) (at_point w (nth k u [])) = r s * at_point w (nth k u []) + r o)); [intros w A; exists (r s), (r o); exact A|].
      apply nearby_all. intros u Hu. eapply one_piece_ok; eauto. }
    eapply nearby_imp; [|exact G]. clear G H. intros w G X M L X1. cbn [r_node node_at].
    induction units as [|k units IH]; [exists []; clear - L; induction L; constructor; auto|].
    destruct IH as (M' & IH); [intros; apply G; right; auto|]. destruct (G k (or_introl eq_refl)) as (s & o & A).
    exists (vadd (map (Rmult s) (nth k M [])) [o] :: M'). clear G. revert IH A. induction L as [|x u X us E L IHL]; intros IH A; [constructor|].
    inversion X1 as [|? ? (x' & ->) X1']; subst. inversion IH as [|? ? ? ? I1 I2]; subst. constructor; [|apply IHL; auto; intros; apply A; right; auto].
    cbn [map]. rewrite I1. f_equal. rewrite (nth_at K KR), A by (left; auto). rewrite dot_vadd, dot_scale, <- nth_dot, <- E, (nth_at K KR). simpl. ring.
Qed.
Lemma all_some_in {A B} (f : A -> option B) : forall l m, all_some f l = Some m -> Forall2 (fun a b => f a = Some b) l m.
Proof.
  induction l as [|a l IH]; intros m H; simpl in H; [inversion H; constructor|]. destruct (f a) eqn:E; [|discriminate]. destruct (all_some f l); [|discriminate]. inversion H; subst. constructor; auto.
Qed.
Theorem all_linear_ok : forall P us, all_linear P us = true -> nearby v (fun w => forall X M, linear_at X us w M -> Forall (fun x => exists x', x = 1 :: x') X ->
  exists M', Forall2 (fun x u => values w (map (r_node K KR) P) (map (at_point w) u) = map (fun row => dot row x) M') X us).
Proof.
  induction P as [|n P IH]; intros us H.
  - apply nearby_always. intros w X M L _. exists M. exact L.
  - cbn [all_linear] in H. apply andb_prop in H. destruct H as [H1 H2]. destruct (all_some _ us) as [news|] eqn:E; [|discriminate]. apply all_some_in in E.
    assert (N : nearby v (fun w => Forall2 (fun u new => node_at w (map (at_point w) u) (r_node K KR n) = map (at_point w) new) us news)).
    { clear - E inside_piece. induction E as [|u new us news E1 E IH]; [apply nearby_always; constructor|]. eapply nearby_imp; [|apply nearby_and; [exact (node_on_ok K KR piece v inside_piece _ _ _ E1)|exact IH]].
      intros w [A B]. constructor; auto. }
    eapply nearby_imp; [|apply nearby_and; [exact N|apply nearby_and; [exact (node_linear n us H1)|exact (IH _ H2)]]]. cbv beta. intros w (A & B & C) X M L X1.
    destruct (B X M L X1) as (M1 & B1). destruct (C X (M ++ M1)) as (M' & C1); auto.
    + clear - L A B1. unfold linear_at in *. revert news A. induction L as [|x u X us E L IH]; intros news A; inversion A as [|? new ? news' A1 A2]; subst; [constructor|]. inversion B1 as [|? ? ? ? B2 B3]; subst.
      cbn [combine map fst snd]. constructor; [|apply IH; auto]. rewrite !map_app, E, <- A1, B2. reflexivity.
    + exists M'. clear - C1 A. revert X C1. induction A as [|u new us news A1 A IH]; intros X C1; cbn [combine map fst snd] in C1; inversion C1 as [|x ? X' ? C2 C3]; subst; constructor; auto.
      unfold values in *. cbn [map fold_left]. rewrite A1, <- map_app. exact C2.
Qed.
Definition check_linear (P : list (node t)) (D : list (list t * list t)) : bool := all_linear P (map (fun d => input_values K (fst d)) D).
Fixpoint unit_rows (d : nat) : list (list R) := match d with O => [] | S d' => (1 :: []) :: map (cons 0) (unit_rows d') end.
Lemma unit_rows_ok : forall d x, length x = d -> map (fun row => dot row x) (unit_rows d) = x.
Proof.
  induction d as [|d IH]; intros [|a x] L; try discriminate; [reflexivity|]. cbn [unit_rows map]. f_equal; [simpl; ring|]. rewrite map_map. transitivity (map (fun row => dot row x) (unit_rows d)); [|apply IH; simpl in L; lia].
  apply map_ext. intros row. simpl. ring.
Qed.
Theorem check_linear_ok P outs D d : check_linear P D = true -> (forall s, In s D -> length (fst s) = d) -> nearby v (fun w => exists A, length A = length outs /\ forall s, In s (rD KR D) -> predicts K KR P outs w (fst s) = affine_map A (fst s)).
Proof.
  intros H HD. eapply nearby_imp; [|exact (all_linear_ok _ _ H)]. cbv beta. intros w C.
  destruct (C (map (fun s => 1 :: fst s) (rD KR D)) (unit_rows (S d))) as (M & F).
  - unfold linear_at. clear C H. induction D as [|s D IH]; constructor; [|apply IH; intros; apply HD; right; auto]. rewrite (input_values_ok K KR), unit_rows_ok; [reflexivity|].
    simpl. unfold InteriorCheck.rv. rewrite map_length, HD; auto. left; auto.
  - rewrite Forall_forall. intros x Hx. apply in_map_iff in Hx. destruct Hx as (s & <- & _). eauto.
  - exists (map (fun k => nth k M []) outs). split; [apply map_length|]. clear - F. induction D as [|s D IH]; intros s' Hs; [destruct Hs|]. cbn [rD map fst snd] in *. inversion F as [|? ? ? ? F1 F2]; subst.
    destruct Hs as [<-|Hs]; [|apply IH; auto]. cbn [fst]. unfold predicts, affine_map. rewrite (input_values_ok K KR) in F1. rewrite F1, map_map. apply map_ext. intros k. apply nth_dot.
Qed.
End Linear.

(* ---- a best affine fit: slopes that are orthogonal to 1 and to the inputs ---- *)
Definition check_best_affine (m d : nat) (D : list (list t * list t)) (fits S A : list (list t)) : bool :=
  (length A =? m)%nat && (length fits =? length D)%nat &&
  forallb (fun e => (length (fst (fst e)) =? d)%nat && (length (snd (fst e)) =? m)%nat && sameT K (snd e) (map (fun row => dotT K row (one K :: fst (fst e))) A)) (combine D fits) &&
  forallb (fun k => forallb (fun j => eqb K (sumT K (fun e => nth k (snd e) z0 *! nth j (one K :: fst (fst e)) z0) (combine D S)) z0) (seq 0 (Datatypes.S d))) (seq 0 m).
Lemma in_combine_exists {A B} : forall (D : list A) (F : list B) d, length F = length D -> In d D -> exists f, In (d, f) (combine D F).
Proof.
  induction D as [|d0 D IH]; intros [|f F] d L H; try discriminate; simpl in H; [contradiction|]. destruct H as [<-|H]; [exists f; left; auto|].
  destruct (IH F d ltac:(simpl in L; lia) H) as (f' & I). exists f'. right. auto.
Qed.
Theorem check_best_affine_ok L m d D fits S A : all_support L (rD KR D) (map rv fits) (map rv S) -> check_best_affine m d D fits S A = true ->
  let total_of B := sum (fun s => value L (affine_map B (fst s)) (snd s)) (rD KR D) in
  length (rm KR A) = m /\ map (fun s => affine_map (rm KR A) (fst s)) (rD KR D) = map rv fits /\ forall B, length B = m -> total_of (rm KR A) <= total_of B.
Proof.
  intros (L1 & L2 & AS) H. unfold check_best_affine in H. apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  apply Nat.eqb_eq in H1, H2. rewrite forallb_forall in H3. unfold rD in L1, L2. rewrite !map_length in L1, L2.
  assert (E : forall d0 f, In (d0, f) (combine D fits) -> length (fst d0) = d /\ length (snd d0) = m /\ affine_map (rm KR A) (rv (fst d0)) = rv f).
  { intros d0 f He. specialize (H3 _ He). cbn [fst snd] in H3. apply andb_prop in H3. destruct H3 as [H3 Q]. apply andb_prop in H3. destruct H3 as [Q1 Q2]. apply Nat.eqb_eq in Q1, Q2. split; auto. split; auto.
    apply (sameT_iff K KR) in Q. rewrite Q. unfold affine_map, InteriorCheck.rm, InteriorCheck.rv at 1 3. rewrite !map_map. apply map_ext. intros row. rewrite dotT_ok. cbn [InteriorCheck.rv map]. rewrite toR_one. reflexivity. }
  assert (Z : forall M, length M = m -> sum (fun e : list t * list t * list t => dot (rv (snd e)) (affine_map M (rv (fst (fst e))))) (combine D S) = 0).
  { intros M LM. transitivity (sum (fun e : list t * list t * list t => sumn m (fun k => nth k (rv (snd e)) 0 * nth k (affine_map M (rv (fst (fst e)))) 0)) (combine D S)).
    { apply sum_ext. intros e _. apply dot_sumn. unfold affine_map. rewrite map_length. auto. }
    rewrite sum_sumn. apply sumn_zero. intros k Hk. transitivity (sum (fun e : list t * list t * list t => nth k (rv (snd e)) 0 * dot (nth k M []) (1 :: rv (fst (fst e)))) (combine D S)).
    { apply sum_ext. intros e _. f_equal. apply (nth_dot (1 :: rv (fst (fst e)))). }
    apply kill_comb. intros j. rewrite forallb_forall in H4. specialize (H4 k ltac:(apply in_seq; lia)). rewrite forallb_forall in H4. destruct (le_lt_dec (Datatypes.S d) j) as [J|J].
    - apply sum_0. intros [d0 s] He. cbn [fst snd]. rewrite (nth_overflow (1 :: rv (fst d0))); [ring|]. simpl. unfold InteriorCheck.rv. rewrite map_length. apply in_combine_l in He.
      destruct (in_combine_exists D fits d0 ltac:(lia) He) as (f & Hf). destruct (E d0 f Hf) as (-> & _). lia.
    - specialize (H4 j ltac:(apply in_seq; lia)). apply (eqb_ok KR) in H4. rewrite toR_zero, (sumT_ok K KR) in H4. etransitivity; [|exact H4]. apply sum_ext. intros e _. rewrite toR_mul.
      rewrite !(nth_real K KR). cbn [InteriorCheck.rv map]. rewrite toR_one. reflexivity. }
  split; [unfold InteriorCheck.rm; rewrite map_length; auto|]. split.
  - clear - E H2. revert fits H2 E. induction D as [|d0 D IH]; intros [|f fits] H2 E; try discriminate; [reflexivity|]. cbn [rD map fst]. f_equal; [apply E; left; auto|]. apply IH; [simpl in H2; lia|]. intros; apply E; right; auto.
  - intros B LB. assert (LA : length (rm KR A) = m) by (unfold InteriorCheck.rm; rewrite map_length; auto). assert (ZA := Z _ LA). assert (ZB := Z _ LB). clear Z H1 H3 H4.
    apply Rle_trans with (sum (fun s => value L (affine_map B (fst s)) (snd s)) (rD KR D) - sum (fun e : list t * list t * list t => dot (rv (snd e)) (affine_map B (rv (fst (fst e))))) (combine D S) +
      sum (fun e : list t * list t * list t => dot (rv (snd e)) (affine_map (rm KR A) (rv (fst (fst e))))) (combine D S)); [|lra]. clear ZA ZB.
    revert fits S L1 L2 H2 AS E. induction D as [|d0 D IH]; intros [|f fits] [|s S] L1 L2 H2 AS E; try discriminate; [simpl; lra|].
    cbn [rD map combine] in AS. inversion AS as [|e T (A1 & A2 & A3) AS']; subst. cbn [fst snd] in A1, A2, A3. destruct (E d0 f (or_introl eq_refl)) as (_ & Q2 & Q3).
    specialize (A3 (affine_map B (rv (fst d0)))). assert (LQ : length (affine_map B (rv (fst d0))) = length (rv (snd d0))) by (unfold affine_map, InteriorCheck.rv; rewrite !map_length; congruence).
    specialize (A3 LQ). rewrite <- Q3 in A3. assert (I := IH fits S ltac:(simpl in L1; lia) ltac:(simpl in L2; lia) ltac:(simpl in H2; lia) AS' (fun d' f' Hd => E d' f' (or_intror Hd))).
    cbn [rD map combine sum fst snd]. unfold rD in *. lra.
Qed.
End Affine.
