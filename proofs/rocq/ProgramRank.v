(* the numbers of a valley: the rank of the predictions' derivative at a point, and whether it is larger anywhere near it *)
Require Import Reals List Lra Lia Bool Arith.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck ValleyCheck FunctionBound Programs ProgramCheck ProgramTree Rank.
Import ListNotations.
Open Scope R_scope.

(* ---- spans ---- *)
Definition spanned (U : list (list R)) (f : nat -> R) : Prop :=
  exists c, length c = length U /\ forall i, f i = combination c U i.
Lemma spanned_zero U : spanned U (fun _ => 0).
Proof.
  exists (map (fun _ => 0) U). split; [apply map_length|]. intros i. symmetry. apply sum_0. intros [a u] He. apply in_combine_l in He. apply in_map_iff in He. destruct He as (u' & E & _). cbn [fst snd]. rewrite <- E. ring.
Qed.
Lemma spanned_plus U a f g : spanned U f -> spanned U g -> spanned U (fun i => a * f i + g i).
Proof.
  intros (c & L1 & F) (b & L2 & G). exists (map2 (fun x y => a * x + y) c b). assert (X : length (map2 (fun x y => a * x + y) c b) = length U /\ forall i, a * sum (fun e => fst e * nth i (snd e) 0) (combine c U) +
    sum (fun e => fst e * nth i (snd e) 0) (combine b U) = sum (fun e => fst e * nth i (snd e) 0) (combine (map2 (fun x y => a * x + y) c b) U)).
  { clear F G. revert b U L1 L2. induction c as [|x c IH]; intros [|y b] [|u U] L1 L2; try discriminate; cbn [map2 length combine sum fst snd]; [split; auto; intros; ring|].
    destruct (IH b U) as [I1 I2]; [auto|auto|]. split; [f_equal; auto|]. intros i. rewrite <- I2. ring. }
  destruct X as [X1 X2]. split; auto. intros i. rewrite F, G. unfold combination. apply X2.
Qed.
Lemma spanned_sum {I} U (S : list I) (a : I -> R) (x : I -> nat -> R) : (forall j, In j S -> spanned U (x j)) -> spanned U (fun i => sum (fun j => a j * x j i) S).
Proof.
  induction S as [|j S IH]; intros H; cbn [sum]; [apply spanned_zero|]. apply (spanned_plus U (a j) (x j)); [apply H; left; auto|apply IH; intros; apply H; right; auto].
Qed.
Lemma spanned_ext U f g : (forall i, f i = g i) -> spanned U f -> spanned U g.
Proof. intros E (c & L & F). exists c. split; auto. intros i. rewrite <- E. apply F. Qed.

(* ---- moving along a direction ---- *)
Lemma nth_shift : forall v w x k, length w = length v -> nth k (shift v w x) 0 = nth k v 0 + x * nth k w 0.
Proof. induction v as [|a v IH]; intros [|b w] x [|k] L; try discriminate; simpl; try ring. apply IH. auto. Qed.
Lemma free_along th w x : same_shape th w -> free (along th w x) = shift (free th) (free w) x.
Proof.
  assert (SA : forall a b c d x, length a = length b -> shift (a ++ c) (b ++ d) x = shift a b x ++ shift c d x).
  { induction a as [|p a IH]; intros [|q b] c d y L; try discriminate; auto. cbn. f_equal. apply IH. auto. }
  assert (LF : forall W W', Forall2 (Forall2 (fun _ _ : R => True)) W W' -> length (concat W) = length (concat W')).
  { intros W W' H. induction H; simpl; auto. rewrite !app_length. f_equal; auto. apply F2_length in H. auto. }
  assert (RW : forall W W', Forall2 (Forall2 (fun _ _ : R => True)) W W' -> concat (map (fun rows => shift (fst rows) (snd rows) x) (combine W W')) = shift (concat W) (concat W') x).
  { intros W W' H. induction H; auto. cbn [combine map concat fst snd]. rewrite IHForall2, SA; auto. apply F2_length in H. auto. }
  unfold free, along. intros H. induction H as [|W W' th w HW H IH]; auto. cbn [combine map concat fst snd]. rewrite !concat_app, RW, SA by auto. f_equal. exact IH.
Qed.
Lemma same_along th w x : same_shape th w -> same_shape th (along th w x).
Proof.
  unfold same_shape, along. intros H. induction H as [|W W' th w H HT IH]; cbn [combine map fst snd]; constructor; auto. clear - H.
  induction H as [|row row' W W' H HW IH]; cbn [combine map fst snd]; constructor; auto. clear - H. unfold shift.
  induction H; cbn [combine map fst snd]; constructor; auto.
Qed.
Lemma close_shift v w e : 0 < e -> length w = length v -> exists d, 0 < d /\ forall x, Rabs x < d -> close1 e v (shift v w x).
Proof.
  intros He. revert w. induction v as [|a v IH]; intros [|b w] L; try discriminate.
  - exists 1. split; [lra|]. intros x _. constructor.
  - destruct (IH w) as (d & Hd & H); [auto|]. assert (Hb : 0 < Rabs b + 1) by (assert (0 <= Rabs b) by apply Rabs_pos; lra).
    exists (Rmin d (e / (Rabs b + 1))). assert (Q : 0 < e / (Rabs b + 1)) by (apply Rdiv_lt_0_compat; auto). split; [apply Rmin_pos; auto|]. intros x Hx. constructor.
    + cbn [fst snd]. replace (a + x * b - a) with (x * b) by ring. rewrite Rabs_mult. assert (Hx' := Rlt_le_trans _ _ _ Hx (Rmin_r d _)).
      apply Rle_lt_trans with (Rabs x * (Rabs b + 1)); [apply Rmult_le_compat_l; [apply Rabs_pos|lra]|]. apply Rlt_le_trans with (e / (Rabs b + 1) * (Rabs b + 1)); [apply Rmult_lt_compat_r; auto|right; field; lra].
    + apply H. apply Rlt_le_trans with (1 := Hx). apply Rmin_l.
Qed.
Lemma close1_twice e v v' y : close1 (e / 2) v v' -> close1 (e / 2) v' y -> close1 e v y.
Proof.
  unfold close1. intros A. revert y. induction A as [|a b v v' H A IH]; intros y B; inversion B as [|b' c v'' y' H' B']; subst; constructor; [|apply IH; auto].
  replace (c - a) with ((c - b) + (b - a)) by ring. apply Rle_lt_trans with (1 := Rabs_triang _ _). lra.
Qed.
Lemma derivable_local f g x l d : 0 < d -> (forall h, Rabs h < d -> f (x + h) = g (x + h)) -> derivable_pt_lim g x l -> derivable_pt_lim f x l.
Proof.
  intros Hd E H eps Heps. destruct (H eps Heps) as (de & Q). assert (P : 0 < Rmin de d) by (apply Rmin_pos; [apply cond_pos|auto]). exists (mkposreal _ P). intros h Hh Lh. cbn in Lh.
  assert (E0 := E 0 ltac:(rewrite Rabs_R0; auto)). rewrite Rplus_0_r in E0. rewrite E0, E; [apply Q; auto|]; eapply Rlt_le_trans; [exact Lh|apply Rmin_l|exact Lh|apply Rmin_r].
Qed.

Section Rank.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Notation at_point := (at_point K KR).

(* ---- derivatives of polynomials ---- *)
Fixpoint slope_of (v w : list R) (m : list nat) : R := match m with [] => 0 | k :: m' => nth k w 0 * monomial v m' + nth k v 0 * slope_of v w m' end.
Definition derived (v w : list R) (P : polynomial K) : R := sum (fun e => r (snd e) * slope_of v w (fst e)) P.
Lemma derived_ok v w P : length w = length v -> derivable_pt_lim (fun x => at_point (shift v w x) P) 0 (derived v w P).
Proof.
  intros L. assert (M : forall m, derivable_pt_lim (fun x => monomial (shift v w x) m) 0 (slope_of v w m)).
  { assert (S0 : forall k, nth k (shift v w 0) 0 = nth k v 0) by (intros; rewrite nth_shift by auto; ring).
    assert (M0 : forall m, monomial (shift v w 0) m = monomial v m) by (induction m; cbn; rewrite ?S0, ?IHm; auto).
    induction m as [|k m IH]; cbn [slope_of monomial]; [apply derivable_pt_lim_const|]. rewrite <- (M0 m), <- (S0 k).
    apply (derivable_pt_lim_mult (fun x => nth k (shift v w x) 0) (fun x => monomial (shift v w x) m) 0); [|exact IH].
    apply (derivable_local _ (fun x => nth k v 0 + x * nth k w 0) 0 _ 1); [lra|intros h _; apply nth_shift; auto|].
    apply (eq_ind (0 + (1 * nth k w 0 + 0 * 0)) (derivable_pt_lim (fun x => nth k v 0 + x * nth k w 0) 0)); [|ring].
    apply (derivable_pt_lim_plus (fun _ => nth k v 0) (fun x => x * nth k w 0)); [apply derivable_pt_lim_const|].
    apply (derivable_pt_lim_mult (fun x => x) (fun _ => nth k w 0)); [apply derivable_pt_lim_id|apply derivable_pt_lim_const]. }
  unfold derived, ProgramCheck.at_point. induction P as [|e P IH]; cbn [sum]; [apply derivable_pt_lim_const|].
  apply (derivable_pt_lim_plus (fun x => r (snd e) * monomial (shift v w x) (fst e)) (fun x => sum (fun e => r (snd e) * monomial (shift v w x) (fst e)) P)); [|exact IH].
  apply (derivable_pt_lim_scal (fun x => monomial (shift v w x) (fst e))), M.
Qed.
(* predictions that are these polynomials near a point *)
Lemma derivative_near G v F e v' w i : 0 < e -> (forall y, close1 e v y -> G y = map (at_point y) F) -> close1 (e / 2) v v' -> length w = length v ->
  derivable_pt_lim (fun x => nth i (G (shift v' w x)) 0) 0 (derived v' w (nth i F [])).
Proof.
  intros He H C L. assert (LV : length v' = length v) by (apply F2_length in C; auto). destruct (close_shift v' w (e / 2)) as (d & Hd & HD); [lra|congruence|].
  apply (derivable_local _ (fun x => at_point (shift v' w x) (nth i F [])) 0 _ d Hd); [|apply derived_ok; congruence].
  intros h Hh. rewrite Rplus_0_l. rewrite H by (apply close1_twice with v'; auto). change 0 with (at_point (shift v' w h) []) at 1. apply map_nth.
Qed.
(* by coordinate directions *)
Definition unit_at (n p : nat) : list t := map (fun k => if (k =? p)%nat then one K else z0) (seq 0 n).
Lemma nth_unit n p k : nth k (rv (unit_at n p)) 0 = if (k <? n)%nat && (k =? p)%nat then 1 else 0.
Proof.
  unfold InteriorCheck.rv, unit_at. rewrite map_map. destruct (Nat.ltb_spec k n).
  - rewrite (nth_indep _ 0 (r (if (0 =? p)%nat then one K else z0))) by (rewrite map_length, seq_length; auto). rewrite (map_nth (fun k => r (if (k =? p)%nat then one K else z0))), seq_nth by auto.
    cbn [andb Nat.add]. destruct (k =? p)%nat; [apply toR_one|apply toR_zero].
  - rewrite nth_overflow; auto. rewrite map_length, seq_length. auto.
Qed.
Lemma slope_by_units v w m : forall n, length w = n -> slope_of v w m = sum (fun k => nth k w 0 * slope_of v (rv (unit_at n k)) m) (seq 0 n).
Proof.
  intros n L. induction m as [|j m IH]; cbn [slope_of]; [symmetry; apply sum_0; intros; ring|].
  rewrite IH, <- sum_scal. assert (X : nth j w 0 = sum (fun k => nth k w 0 * nth j (rv (unit_at n k)) 0) (seq 0 n)).
  { destruct (Nat.lt_ge_cases j n) as [J|J].
    - rewrite (sum_single _ j); [|apply seq_NoDup|apply in_seq; lia|].
      + rewrite nth_unit. destruct (Nat.ltb_spec j n); [|lia]. rewrite Nat.eqb_refl. simpl. ring.
      + intros k _ N. rewrite nth_unit. destruct (Nat.eqb_spec j k); [congruence|]. rewrite andb_false_r. ring.
    - rewrite nth_overflow by lia. symmetry. apply sum_0. intros k _. rewrite nth_unit. destruct (Nat.ltb_spec j n); [lia|]. simpl. ring. }
  rewrite X. rewrite (Rmult_comm (sum _ _)), <- sum_scal, <- sum_plus. apply sum_ext. intros; ring.
Qed.

(* ---- the checker ---- *)
Fixpoint monomialT (v : list t) (m : list nat) : t := match m with [] => one K | k :: m' => nth k v z0 *! monomialT v m' end.
Fixpoint slopeT (v : list t) (k : nat) (m : list nat) : t :=
  match m with [] => z0 | j :: m' => let rest := nth j v z0 *! slopeT v k m' in if (j =? k)%nat then monomialT v m' +! rest else rest end.
Definition derivedT (v : list t) (k : nat) (P : polynomial K) : t := sumT K (fun e => if existsb (Nat.eqb k) (fst e) then snd e *! slopeT v k (fst e) else z0) P.
Lemma monomialT_ok v m : r (monomialT v m) = monomial (rv v) m.
Proof. induction m as [|k m IH]; cbn; [apply toR_one|]. rewrite toR_mul, IH, (nth_real K KR). auto. Qed.
Lemma slopeT_ok v k m : (k < length v)%nat -> r (slopeT v k m) = slope_of (rv v) (rv (unit_at (length v) k)) m.
Proof.
  intros L. induction m as [|j m IH]; cbn [slopeT slope_of]; [apply toR_zero|]. rewrite nth_unit. destruct (Nat.eqb_spec j k) as [->|N].
  - rewrite toR_add, toR_mul, IH, monomialT_ok, (nth_real K KR). destruct (Nat.ltb_spec k (length v)); [|lia]. cbn [andb]. ring.
  - rewrite toR_mul, IH, (nth_real K KR), andb_false_r. ring.
Qed.
Lemma slope_without v w k m : (forall j, j <> k -> nth j w 0 = 0) -> existsb (Nat.eqb k) m = false -> slope_of v w m = 0.
Proof.
  intros Z. induction m as [|j m IH]; cbn [existsb slope_of]; auto. intros H. apply orb_false_iff in H. destruct H as [H1 H2]. apply Nat.eqb_neq in H1. rewrite IH, Z by auto. ring.
Qed.
Lemma derivedT_ok v k P : (k < length v)%nat -> r (derivedT v k P) = derived (rv v) (rv (unit_at (length v) k)) P.
Proof.
  intros L. unfold derivedT, derived. rewrite (sumT_ok K KR). apply sum_ext. intros e _. destruct (existsb _ _) eqn:E; [rewrite toR_mul, slopeT_ok by auto; auto|].
  rewrite (slope_without _ _ k), toR_zero; auto; [ring|]. intros j N. rewrite nth_unit. destruct (Nat.eqb_spec j k); [congruence|]. rewrite andb_false_r. auto.
Qed.

Variable v : list t.
Variable F : list (polynomial K).
Notation n := (length v).
(* the derivative by a parameter *)
Definition by_parameter (k : nat) : list t := map (derivedT v k) F.
(* inverse: one row for each parameter in `pivots`; what is in the span of their derivatives is what the rows make of it *)
Definition combinationT (c : list t) (U : list (list t)) : list t := map (fun i => sumT K (fun e => fst e *! nth i (snd e) z0) (combine c U)) (seq 0 (length F)).
Definition same_vector (a b : list t) : bool := all2 (fun x y => leb K x y && leb K y x) a b.
Definition in_span_of (U inverse : list (list t)) (x : list t) : bool := same_vector x (combinationT (map (fun l => dotT K l x) inverse) U).
(* F_i is a number and the combination of the polynomials with the i-th entries of U *)
Definition is_made_of (U : list (list t)) (Q : list (polynomial K)) (i : nat) (P : polynomial K) : bool :=
  is_number K (plus K P (combined K (map (fun u => z0 -! nth i u z0) U) Q)).
Definition check_rank (pivots : list nat) (inverse : list (list t)) (exact : bool) : bool :=
  let U := map by_parameter pivots in let k := length pivots in
  forallb (fun p => (p <? n)%nat) pivots && (length inverse =? k)%nat && forallb (fun e => same_vector (map (dotT K (snd e)) U) (unit_at k (fst e))) (combine (seq 0 k) inverse) &&
  (if exact then let Q := map (fun l => combined K l F) inverse in forallb (fun e => is_made_of U Q (fst e) (snd e)) (combine (seq 0 (length F)) F)
   else forallb (fun p => in_span_of U inverse (by_parameter p)) (seq 0 n)).

Lemma same_vector_ok : forall a b, same_vector a b = true -> rv a = rv b.
Proof.
  unfold same_vector. induction a as [|x a IH]; intros [|y b] H; simpl in *; try discriminate; auto.
  apply andb_prop in H. destruct H as [H1 H2]. apply andb_prop in H1. destruct H1 as [A B]. apply (leb_ok KR) in A, B. f_equal; auto. lra.
Qed.
Lemma combination_real i : forall c (U : list (list t)), combination (rv c) (map rv U) i = r (sumT K (fun e => fst e *! nth i (snd e) z0) (combine c U)).
Proof.
  unfold combination. induction c as [|a c IH]; intros [|u W]; try (symmetry; apply toR_zero). cbn [InteriorCheck.rv map combine sum sumT fst snd]. fold (rv c). fold rv. rewrite IH, toR_add, toR_mul, (nth_real K KR). reflexivity.
Qed.
Lemma combination_beyond i : forall c (U : list (list R)), (forall u, In u U -> nth i u 0 = 0) -> combination c U i = 0.
Proof. intros c U H. apply sum_0. intros [a u] He. apply in_combine_r in He. cbn [fst snd]. rewrite H by auto. ring. Qed.
Lemma in_span_of_ok U inverse x : length U = length inverse -> (forall u, In u U -> length u = length F) -> in_span_of U inverse x = true -> spanned (map rv U) (fun i => nth i (rv x) 0).
Proof.
  intros L LU H. apply same_vector_ok in H. exists (rv (map (fun l => dotT K l x) inverse)). split; [unfold InteriorCheck.rv; rewrite !map_length; auto|]. intros i. rewrite H.
  unfold combinationT. destruct (Nat.lt_ge_cases i (length F)) as [I|I].
  - rewrite combination_real, <- (nth_real K KR). f_equal.
    rewrite (nth_indep _ z0 (sumT K (fun e => fst e *! nth 0 (snd e) z0) (combine (map (fun l => dotT K l x) inverse) U))) by (rewrite map_length, seq_length; auto).
    rewrite (map_nth (fun i => sumT K (fun e => fst e *! nth i (snd e) z0) (combine (map (fun l => dotT K l x) inverse) U))), seq_nth; auto.
  - rewrite nth_overflow by (unfold InteriorCheck.rv; rewrite !map_length, seq_length; auto). symmetry. apply combination_beyond. intros u Hu. apply in_map_iff in Hu. destruct Hu as (u' & <- & Hu).
    apply nth_overflow. unfold InteriorCheck.rv. rewrite map_length, LU; auto.
Qed.
Lemma nth_by_parameter k i : (k < n)%nat -> nth i (rv (by_parameter k)) 0 = derived (rv v) (rv (unit_at n k)) (nth i F []).
Proof. intros L. rewrite <- (nth_real K KR). unfold by_parameter. change z0 with (derivedT v k []). rewrite map_nth. apply derivedT_ok, L. Qed.
(* sums of polynomials with numbers as factors *)
Lemma derivable_combined v' w : length w = length v' -> forall c Q, derivable_pt_lim (fun x => dot c (map (at_point (shift v' w x)) Q)) 0 (dot c (map (derived v' w) Q)).
Proof.
  intros L. induction c as [|a c IH]; intros [|P Q]; cbn [map dot]; try apply derivable_pt_lim_const.
  apply (derivable_pt_lim_plus (fun x => a * at_point (shift v' w x) P) (fun x => dot c (map (at_point (shift v' w x)) Q))); [|apply IH].
  apply (derivable_pt_lim_scal (fun x => at_point (shift v' w x) P)), derived_ok, L.
Qed.
Lemma made_of_ok U Q i P v' w : length w = length v' -> length Q = length U -> is_made_of U Q i P = true -> derived v' w P = combination (map (derived v' w) Q) (map rv U) i.
Proof.
  intros L LQ H. unfold is_made_of in H. set (c := map (fun u => z0 -! nth i u z0) U) in *.
  assert (Z : derived v' w P + dot (rv c) (map (derived v' w) Q) = 0).
  { eapply (uniqueness_limite (fun x => at_point (shift v' w x) P + dot (rv c) (map (at_point (shift v' w x)) Q)) 0).
    - apply (derivable_pt_lim_plus (fun x => at_point (shift v' w x) P) (fun x => dot (rv c) (map (at_point (shift v' w x)) Q))); [apply derived_ok, L|apply derivable_combined, L].
    - apply (derivable_local _ (fun _ => at_point (shift v' w 0) P + dot (rv c) (map (at_point (shift v' w 0)) Q)) 0 _ 1); [lra| |apply derivable_pt_lim_const].
      intros x _. rewrite <- !(combined_ok K KR), <- !(plus_ok K KR). rewrite !(is_number_ok K KR) by exact H. reflexivity. }
  cut (dot (rv c) (map (derived v' w) Q) = - combination (map (derived v' w) Q) (map rv U) i); [intros E; rewrite E in Z; lra|]. unfold c, combination. clear - LQ.
  revert Q LQ. induction U as [|u U IH]; intros [|P Q] LQ; try discriminate; cbn [map InteriorCheck.rv dot combine sum fst snd]; [ring|].
  fold rv. rewrite IH by (simpl in LQ; lia). rewrite toR_sub, toR_zero, (nth_real K KR). ring.
Qed.
Lemma derived_by_units w P : length w = n -> derived (rv v) w P = sum (fun k => nth k w 0 * derived (rv v) (rv (unit_at n k)) P) (seq 0 n).
Proof.
  intros L. unfold derived. rewrite (sum_ext _ (fun e : list nat * t => sum (fun k => r (snd e) * (nth k w 0 * slope_of (rv v) (rv (unit_at n k)) (fst e))) (seq 0 n))).
  - rewrite sum_swap. apply sum_ext. intros k _. rewrite <- sum_scal. apply sum_ext. intros; ring.
  - intros e _. rewrite sum_scal. f_equal. apply slope_by_units, L.
Qed.
Lemma dot_unit k j c : length c = k -> (j < k)%nat -> dot c (rv (unit_at k j)) = nth j c 0.
Proof.
  intros L J. rewrite (dot_sumn k) by (unfold InteriorCheck.rv, unit_at; rewrite !map_length, seq_length; auto). rewrite <- (sumn_one k j (fun i => nth i c 0)) by auto.
  apply sumn_ext. intros i Hi. rewrite nth_unit. destruct (Nat.ltb_spec i k); [|lia]. cbn [andb]. ring.
Qed.
Theorem check_rank_ok pivots inverse exact : check_rank pivots inverse exact = true -> let U := map (fun p => rv (by_parameter p)) pivots in
  independent U /\ (forall p, In p pivots -> (p < n)%nat) /\ (forall w, length w = n -> spanned U (fun i => derived (rv v) w (nth i F []))) /\
  (exact = true -> forall v' w, length w = length v' -> spanned U (fun i => derived v' w (nth i F []))).
Proof.
  unfold check_rank. cbv zeta. intros H. apply andb_prop in H. destruct H as [H C]. apply andb_prop in H. destruct H as [H C0]. apply andb_prop in H. destruct H as [C2 C1]. apply Nat.eqb_eq in C1.
  set (U := map by_parameter pivots) in *. assert (EU : map (fun p => rv (by_parameter p)) pivots = map rv U) by (unfold U; rewrite map_map; auto). rewrite EU. clear EU.
  assert (LU : forall u, In u U -> length u = length F) by (intros u Hu; apply in_map_iff in Hu; destruct Hu as (p & <- & _); apply map_length).
  assert (LI : length U = length inverse) by (unfold U; rewrite map_length; auto). assert (LP : length pivots = length U) by (unfold U; rewrite map_length; auto).
  assert (SP : forall v' w, exact = true -> length w = length v' -> spanned (map rv U) (fun i => derived v' w (nth i F []))).
  { intros v' w E L. rewrite E in C. cbv zeta in C. set (Q := map (fun l => combined K l F) inverse) in *. assert (LQ : length Q = length U) by (unfold Q; rewrite map_length; auto).
    exists (map (derived v' w) Q). split; [rewrite !map_length; auto|]. intros i. destruct (Nat.lt_ge_cases i (length F)) as [I|I].
    - apply made_of_ok; auto. rewrite forallb_forall in C. apply (C (i, nth i F [])). assert (E0 : nth i (combine (seq 0 (length F)) F) (O, []) = (i, nth i F [])).
      { rewrite combine_nth by (apply seq_length). rewrite seq_nth by auto. reflexivity. }
      rewrite <- E0. apply nth_In. rewrite combine_length, seq_length, Nat.min_id. auto.
    - rewrite (nth_overflow F) by auto. symmetry. apply combination_beyond. intros u Hu. apply in_map_iff in Hu. destruct Hu as (u' & <- & Hu). apply nth_overflow. unfold InteriorCheck.rv. rewrite map_length, LU; auto. }
  split; [|split; [|split]].
  - intros c LC Z a Ha. rewrite map_length in LC. destruct (In_nth _ _ 0 Ha) as (j & J & <-). rewrite forallb_forall in C0.
    assert (JL : (j < length inverse)%nat) by congruence. set (l := nth j inverse []). assert (HE : In (j, l) (combine (seq 0 (length pivots)) inverse)).
    { assert (E : nth j (combine (seq 0 (length pivots)) inverse) (O, []) = (j, l)).
      { rewrite combine_nth by (rewrite seq_length; congruence). rewrite seq_nth by congruence. reflexivity. }
      rewrite <- E. apply nth_In. rewrite combine_length, seq_length. apply Nat.min_glb_lt; congruence. }
    specialize (C0 _ HE). cbn [fst snd] in C0. apply same_vector_ok in C0. rewrite <- (dot_unit (length pivots) j c) by congruence. rewrite <- C0.
    transitivity (sumn (length F) (fun i => nth i (rv l) 0 * combination c (map rv U) i)); [|apply sumn_zero; intros i _; rewrite Z; ring]. unfold combination. clear - LC LU.
    transitivity (sum (fun e => fst e * dot (rv l) (snd e)) (combine c (map rv U))).
    + clear LU. revert c LC. induction U as [|u W IH]; intros [|a c] LC; try discriminate; auto. cbn [map InteriorCheck.rv dot combine sum fst snd]. fold rv. rewrite <- IH by (simpl in LC; lia). rewrite (dotT_ok K KR). reflexivity.
    + transitivity (sum (fun e => sumn (length F) (fun i => nth i (rv l) 0 * (fst e * nth i (snd e) 0))) (combine c (map rv U))).
      * apply sum_ext. intros [a u] He. cbn [fst snd]. apply in_combine_r, in_map_iff in He. destruct He as (u' & <- & Hu). rewrite (dot_sumn (length F)) by (unfold InteriorCheck.rv; rewrite map_length; auto).
        rewrite <- sumn_scal. apply sumn_ext. intros; ring.
      * rewrite sum_sumn. apply sumn_ext. intros i _. apply sum_scal.
  - rewrite forallb_forall in C2. intros p Hp. apply Nat.ltb_lt, C2, Hp.
  - intros w L. destruct exact; [apply SP; auto; unfold InteriorCheck.rv; rewrite map_length; auto|]. rewrite forallb_forall in C.
    apply (spanned_ext _ (fun i => sum (fun k => nth k w 0 * nth i (rv (by_parameter k)) 0) (seq 0 n))); [intros i; rewrite derived_by_units by auto; apply sum_ext; intros k Hk; rewrite nth_by_parameter; auto; apply in_seq in Hk; lia|].
    apply (spanned_sum _ (seq 0 n) (fun k => nth k w 0) (fun k i => nth i (rv (by_parameter k)) 0)). intros k Hk. apply in_span_of_ok with inverse; auto.
  - intros E v' w. apply SP, E.
Qed.
End Rank.

(* ---- a list of numbers as parameters ---- *)
Fixpoint arrange_rows (W : list (list R)) (u : list R) : list (list R) := match W with [] => [] | row :: W' => firstn (length row) u :: arrange_rows W' (skipn (length row) u) end.
Fixpoint arrange (th : params R) (u : list R) : params R := match th with [] => [] | W :: th' => arrange_rows W u :: arrange th' (skipn (length (concat W)) u) end.
Lemma firstn_both {A} : forall a b (u : list A), firstn (a + b) u = firstn a u ++ firstn b (skipn a u).
Proof. induction a as [|a IH]; intros b [|x u]; cbn [Nat.add firstn skipn app]; rewrite ?firstn_nil; auto. f_equal. apply IH. Qed.
Lemma arrange_rows_ok : forall W u, (length (concat W) <= length u)%nat -> concat (arrange_rows W u) = firstn (length (concat W)) u /\ Forall2 (Forall2 (fun _ _ : R => True)) W (arrange_rows W u).
Proof.
  induction W as [|row W IH]; intros u L; cbn [arrange_rows concat] in *; [split; [auto|constructor]|]. rewrite app_length in *. destruct (IH (skipn (length row) u)) as [E S]; [rewrite skipn_length; lia|].
  split; [|constructor; [|exact S]].
  - rewrite E, firstn_both. reflexivity.
  - assert (LR : (length row <= length u)%nat) by lia. clear - LR. revert u LR. induction row as [|x row IH]; intros [|y u] LR; simpl in *; try lia; constructor; auto. apply IH. lia.
Qed.
Lemma arrange_ok : forall th u, length u = length (free th) -> free (arrange th u) = u /\ same_shape th (arrange th u).
Proof.
  unfold free. induction th as [|W th IH]; intros u L; cbn [arrange concat] in *; [destruct u; [split; [auto|constructor]|discriminate]|]. rewrite concat_app, app_length in L.
  destruct (arrange_rows_ok W u) as [E S]; [lia|]. destruct (IH (skipn (length (concat W)) u)) as [E' S']; [rewrite skipn_length; lia|]. split; [|constructor; auto].
  rewrite concat_app, E, E'. apply firstn_skipn.
Qed.
Lemma F2_trans {A} (X : A -> A -> Prop) : (forall a b c, X a b -> X b c -> X a c) -> forall u v w, Forall2 X u v -> Forall2 X v w -> Forall2 X u w.
Proof. intros H u v w A1. revert w. induction A1; intros w A2; inversion A2; subst; constructor; eauto. Qed.
Lemma F2_sym {A} (X : A -> A -> Prop) : (forall a b, X a b -> X b a) -> forall u v, Forall2 X u v -> Forall2 X v u.
Proof. intros H u v A1. induction A1; constructor; auto. Qed.
Lemma F2_weaken {A} (X Y : A -> A -> Prop) : (forall a b, X a b -> Y a b) -> forall u v, Forall2 X u v -> Forall2 Y u v.
Proof. intros H u v A1. induction A1; constructor; auto. Qed.
Lemma same_shape_trans a b c : same_shape a b -> same_shape b c -> same_shape a c.
Proof. apply F2_trans, F2_trans, F2_trans. auto. Qed.
Lemma same_shape_sym a b : same_shape a b -> same_shape b a.
Proof. apply F2_sym, F2_sym, F2_sym. auto. Qed.
Lemma close_shape e a b : close e a b -> same_shape a b.
Proof. apply F2_weaken, F2_weaken, F2_weaken. auto. Qed.
Lemma shape_length a b : same_shape a b -> length (free a) = length (free b).
Proof.
  unfold free. intros H. induction H as [|W W' a b H _ IH]; auto. cbn [concat]. rewrite !concat_app, !app_length, IH. f_equal. clear - H. induction H as [|u u' W W' H _ IH]; auto.
  cbn [concat]. rewrite !app_length, IH. f_equal. apply F2_length in H. auto.
Qed.

(* predictions that are polynomials in the free parameters, near a point *)
Section Leave.
Variable K : ops.
Variable KR : num K.
Theorem predictions_leave_ok th (v : list (T K)) F (Fp : params R -> list R) (G : list R -> list R) pivots inverse dimension exact : free th = rv KR v ->
  (forall th', same_shape th th' -> Fp th' = G (free th')) -> nearby (rv KR v) (fun y => G y = map (ProgramCheck.at_point K KR y) F) -> (dimension + length pivots = length v)%nat ->
  check_rank K v F pivots inverse exact = true -> predictions_leave Fp th dimension exact.
Proof.
  intros EV EF (e & He & NE) LD C. destruct (check_rank_ok K KR v F pivots inverse exact C) as (IU & PU & SU & NU).
  assert (LV : length (free th) = length v) by (rewrite EV; apply map_length). assert (REFL : same_shape th th) by (apply (close_shape 1), close_refl; lra).
  assert (DER : forall th' w, close (e / 2) th th' -> same_shape th w -> forall i, derivable_pt_lim (fun x => nth i (Fp (along th' w x)) 0) 0 (derived K KR (free th') (free w) (nth i F []))).
  { intros th' w CL SW i. assert (ST := close_shape _ _ _ CL). assert (SW' := same_shape_trans _ _ _ (same_shape_sym _ _ ST) SW).
    apply (derivable_local _ (fun x => nth i (G (shift (free th') (free w) x)) 0) 0 _ 1); [lra| |].
    - intros h _. rewrite EF by (eapply same_shape_trans; [exact ST|apply same_along, SW']). rewrite free_along by auto. reflexivity.
    - apply (derivative_near K KR G (free th) F e); auto; [rewrite EV; exact NE|apply close_free, CL|]. rewrite (shape_length th th'), (shape_length th' w) by auto. auto. }
  assert (CR : close (e / 2) th th) by (apply close_refl; lra).
  assert (AGREE : forall th' w u, close (e / 2) th th' -> same_shape th w -> derivative Fp th' w u -> forall i, nth i u 0 = derived K KR (free th') (free w) (nth i F [])).
  { intros th' w u CL SW (_ & D) i. eapply uniqueness_limite; [apply D|apply DER; auto]. }
  exists (length pivots). split; [unfold free in LV; lia|]. split.
  - exists (map (fun p => rv KR (by_parameter K v F p)) pivots). split; [apply map_length|]. split; [exact IU|]. split.
    + intros u Hu. apply in_map_iff in Hu. destruct Hu as (p & <- & Hp). destruct (arrange_ok th (rv KR (unit_at K (length v) p))) as [AE AS].
      { rewrite LV. unfold rv, unit_at. rewrite !map_length, seq_length. auto. }
      exists (arrange th (rv KR (unit_at K (length v) p))). split; [exact AS|]. split.
      * rewrite EF by auto. rewrite EV, NE by (apply close1_refl; auto). unfold rv, by_parameter. rewrite !map_length. auto.
      * intros i. assert (Q := DER th _ CR AS i). rewrite AE, EV in Q. rewrite nth_by_parameter by auto. exact Q.
    + intros w u SW D. apply (spanned_ext _ _ _ (fun i => eq_sym (AGREE th w u CR SW D i))). rewrite EV. apply SU. rewrite <- LV. symmetry. apply shape_length, SW.
  - intros E. exists (map (fun p => rv KR (by_parameter K v F p)) pivots). split; [apply map_length|]. exists (e / 2). split; [lra|]. intros th' CL w u SW D.
    apply (spanned_ext _ _ _ (fun i => eq_sym (AGREE th' w u CL SW D i))). apply NU; auto. assert (ST := close_shape _ _ _ CL). apply eq_sym, shape_length. exact (same_shape_trans _ _ _ (same_shape_sym _ _ ST) SW).
Qed.
End Leave.

(* ---- a chain of layers as a program ---- *)
Section Chain.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
(* the rows of a layer, whose parameters begin with this number *)
Fixpoint slots (first : nat) (W : list (list t)) (sources : list nat) : list (list (slot t * nat)) :=
  match W with [] => [] | row :: W' => combine (map Free (seq first (length row))) sources :: slots (first + length row) W' sources end.
(* nodes, the values that are the outputs, and the number of the next value *)
Fixpoint chain (N : list (bool * act t)) (th : params t) (first d : nat) : list (node t) * (list nat * nat) :=
  match N, th with
  | bh :: N', W :: th' =>
      let '(P, (wires, next)) := chain N' th' (first + length (concat W)) d in
      (P ++ [Affine (slots first W (if fst bh then 0%nat :: wires else wires)); Bend (snd bh) (seq next (length W))], (seq (next + length W) (length W), next + length W + length W)%nat)
  | _, _ => ([], (seq 1 d, S d))
  end.
Lemma segment (B : list R) : forall A C, map (fun k => nth k (A ++ B ++ C) 0) (seq (length A) (length B)) = B.
Proof.
  induction B as [|b B IH]; intros A C; auto. cbn [length seq map]. f_equal.
  - rewrite app_nth2, Nat.sub_diag by lia. reflexivity.
  - specialize (IH (A ++ [b]) C). rewrite app_length in IH. cbn [length] in IH. rewrite Nat.add_1_r in IH. rewrite <- IH at 2. rewrite <- app_assoc. reflexivity.
Qed.
Lemma slot_row u : forall row pre post S, row_at (pre ++ row ++ post) u (map (fun e => (r_slot K KR (fst e), snd e)) (combine (map (@Free t) (seq (length pre) (length row))) S)) = dot row (map (fun k => nth k u 0) S).
Proof.
  unfold row_at. induction row as [|a row IH]; intros pre post [|k S]; auto. cbn [length seq map combine sum fst snd r_slot factor_at dot]. f_equal.
  - rewrite app_nth2, Nat.sub_diag by lia. reflexivity.
  - specialize (IH (pre ++ [a]) post S). rewrite app_length, <- app_assoc in IH. cbn [length app] in IH. rewrite Nat.add_1_r in IH. exact IH.
Qed.
Lemma slot_rows u S : forall W W' pre post, Forall2 (Forall2 (fun _ _ : R => True)) (rm KR W) W' ->
  map (row_at (pre ++ concat W' ++ post) u) (map (map (fun e => (r_slot K KR (fst e), snd e))) (slots (length pre) W S)) = map (fun row => dot row (map (fun k => nth k u 0) S)) W'.
Proof.
  induction W as [|row W IH]; intros W' pre post H; inversion H as [|? row' ? W'' H1 H2]; subst; auto. cbn [slots map concat]. assert (L : length row = length row') by (apply F2_length in H1; unfold rv in H1; rewrite map_length in H1; auto).
  rewrite L. f_equal; [rewrite <- app_assoc; apply slot_row|]. specialize (IH W'' (pre ++ row') post H2). rewrite app_length in IH. rewrite <- !app_assoc in *. exact IH.
Qed.
Theorem chain_ok x : forall N th th' pre, same_shape (rp KR th) th' -> let c := chain N th (length pre) (length x) in let u := values (pre ++ free th') (map (r_node K KR) (fst c)) (1 :: x) in
  length u = snd (snd c) /\ nth 0 u 0 = 1 /\ map (fun k => nth k u 0) (fst (snd c)) = net (rN KR N) th' x.
Proof.
  assert (BASE : forall v, let u := values v (map (r_node K KR) []) (1 :: x) in length u = S (length x) /\ nth 0 u 0 = 1 /\ map (fun k => nth k u 0) (seq 1 (length x)) = x).
  { intros v. cbn [map values fold_left]. split; auto. split; auto. assert (E := segment x [1] []). rewrite app_nil_r in E. exact E. }
  induction N as [|[b h] N IH]; intros th th' pre H; [exact (BASE _)|]. inversion H as [|W0 W' t0 th'' HW HT]; subst; destruct th as [|W th]; try discriminate; [exact (BASE _)|].
  cbn [rp map] in *. injection H0 as E0 E1. subst. cbn [chain fst snd]. assert (LW : length W = length W') by (apply F2_length in HW; unfold rm in HW; rewrite map_length in HW; auto).
  assert (LC : length (concat W) = length (concat W')).
  { clear - HW. revert W' HW. induction W as [|row W IH]; intros W' HW; inversion HW as [|? row' ? W'' H1 H2]; subst; auto. cbn [concat]. rewrite !app_length. f_equal; [apply F2_length in H1; unfold rv in H1; rewrite map_length in H1; auto|auto]. }
  specialize (IH th th'' (pre ++ concat W') HT). rewrite app_length, <- LC in IH. unfold free in IH |- *. cbn [concat]. rewrite concat_app. rewrite <- !app_assoc in *.
  destruct (chain N th (length pre + length (concat W)) (length x)) as [P [wires next]]. cbv zeta in *. cbn [fst snd] in *. destruct IH as (L & ONE & NET). rewrite map_app. unfold values. rewrite fold_left_app. fold (values (pre ++ concat W' ++ concat (concat th'')) (map (r_node K KR) P) (1 :: x)).
  set (u := values (pre ++ concat W' ++ concat (concat th'')) (map (r_node K KR) P) (1 :: x)) in *. cbn [map fold_left r_node node_at]. rewrite slot_rows by exact HW.
  set (a := net (rN KR N) th'' x) in *. assert (EX : map (fun k => nth k u 0) (if b then 0%nat :: wires else wires) = ext b a) by (destruct b; cbn [map ext]; rewrite NET, ?ONE; auto). rewrite EX. clearbody u.
  assert (PU : (0 < length u)%nat) by (destruct u; [cbn [nth] in ONE; lra|cbn [length]; lia]).
  set (z := map (fun row => dot row (ext b a)) W'). assert (LZ : length z = length W) by (unfold z; rewrite map_length; auto).
  assert (Z : map (fun k => ev (ra KR h) (nth k (u ++ z) 0)) (seq next (length W)) = map (ev (ra KR h)) z).
  { rewrite <- L, <- LZ. transitivity (map (ev (ra KR h)) (map (fun k => nth k (u ++ z ++ []) 0) (seq (length u) (length z)))); [rewrite app_nil_r, map_map; reflexivity|rewrite segment; reflexivity]. }
  rewrite Z. split; [rewrite !app_length, map_length; lia|]. split; [rewrite <- app_assoc, app_nth1; auto|].
  assert (E := segment (map (ev (ra KR h)) z) (u ++ z) []). rewrite app_nil_r, app_length, map_length, L, LZ in E. rewrite E. unfold z. rewrite map_map. reflexivity.
Qed.
End Chain.
