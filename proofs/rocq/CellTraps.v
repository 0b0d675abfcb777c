(* Every cell of a unit holds a local minimum, whatever the labels: one hidden layer of two units, squared loss.
   f(x) = v1 h(<w1, x>) + v2 h(<w2, x>) + c; x begins with 1 where the hidden layer has biases; c = 0 without output bias. *)
Require Import Reals List Lra Lia.
From Symverify Require Import Spec InteriorMinimum.
Import ListNotations.
Open Scope R_scope.

Section Cell.
Variables (I : Type) (S : list I) (D : nat) (x : I -> list R) (y s o : I -> R) (h : R -> R) (biased : bool) (w : list R).

(* w is strictly inside a cell: near <w, x_i> the activation is the affine piece s_i z + o_i *)
Definition in_cell (u : list R) : Prop :=
  length u = D /\ exists r, 0 < r /\ forall i z, In i S -> Rabs (z - dot u (x i)) < r -> h z = s i * z + o i.

Definition shift (c : R) : R := if biased then c else 0.
(* the span of the cell's features: slopes times inputs, offsets, 1 *)
Definition feature (q : list R) (n c : R) (i : I) : R := s i * dot q (x i) + o i * n + shift c.
Definition distance (g : I -> R) : R := sum (fun i => (g i - y i) * (g i - y i)) S.
Definition best_in_cell (q : list R) (n c : R) : Prop :=
  length q = D /\ forall q' n' c', length q' = D -> distance (feature q n c) <= distance (feature q' n' c').

Definition predict (w1 : list R) (v1 : R) (w2 : list R) (v2 c : R) (i : I) : R :=
  v1 * h (dot w1 (x i)) + v2 * h (dot w2 (x i)) + shift c.
Definition minimum_at (w1 : list R) (v1 : R) (w2 : list R) (v2 c : R) : Prop :=
  exists e, 0 < e /\ forall w1' v1' w2' v2' c',
    close1 e w1 w1' -> Rabs (v1' - v1) < e -> close1 e w2 w2' -> Rabs (v2' - v2) < e -> Rabs (c' - c) < e ->
    distance (predict w1 v1 w2 v2 c) <= distance (predict w1' v1' w2' v2' c').

(* a u + b v *)
Fixpoint mix (a : R) (u : list R) (b : R) (v : list R) : list R :=
  match u, v with p :: u', q :: v' => a * p + b * q :: mix a u' b v' | _, _ => [] end.
Lemma mix_length a b : forall u v, length u = D -> length v = D -> length (mix a u b v) = D.
Proof. clear. revert D. intros n u. revert n. induction u as [|p u IH]; intros [|n] [|q v] H K; simpl in *; try lia. f_equal. apply IH; lia. Qed.
Lemma dot_mix a b : forall u v z, length u = length v -> dot (mix a u b v) z = a * dot u z + b * dot v z.
Proof.
  induction u as [|p u IH]; intros [|q v] z H; simpl in *; try lia; [ring|].
  destruct z as [|t z]; [ring|]. rewrite IH by lia. ring.
Qed.

Lemma bounded (g : I -> R) (l : list I) : exists M, 0 < M /\ forall i, In i l -> Rabs (g i) <= M.
Proof.
  induction l as [|i l (M & P & H)]; [exists 1; split; [lra|intros i []]|].
  assert (A := Rabs_pos (g i)). exists (M + Rabs (g i)). split; [lra|]. intros k [<-|K]; [lra|].
  specialize (H k K). lra.
Qed.

(* near a point of the cell all pre-activations stay in their pieces *)
Lemma stays u : in_cell u ->
  exists e, 0 < e /\ forall u', close1 e u u' -> forall i, In i S -> h (dot u' (x i)) = s i * dot u' (x i) + o i.
Proof.
  intros (_ & r & Hr & HC).
  assert (H : forall l, incl l S -> exists e, 0 < e /\ forall u', close1 e u u' -> forall i, In i l -> Rabs (dot u' (x i) - dot u (x i)) < r).
  { induction l as [|i l IH]; intros HI; [exists 1; split; [lra|intros u' _ i []]|].
    destruct IH as (e1 & P1 & H1); [intros k K; apply HI; right; auto|].
    destruct (dot_cont u (x i) r Hr) as (e2 & P2 & H2).
    exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. intros u' C k HK.
    assert (C1 : close1 e1 u u') by (apply (close1_mono (Rmin e1 e2)); [apply Rmin_l|exact C]).
    assert (C2 : close1 e2 u u') by (apply (close1_mono (Rmin e1 e2)); [apply Rmin_r|exact C]).
    destruct HK as [HK|HK].
    - subst k. apply H2; auto. apply close1_refl; auto.
    - apply H1; auto. }
  destruct (H S) as (e & P & E); [intros k K; auto|]. exists e. split; auto.
Qed.

Lemma distance_ext g g' : (forall i, In i S -> g i = g' i) -> distance g = distance g'.
Proof. unfold distance. clear. induction S as [|i l IH]; intros H; simpl; auto. rewrite H by (left; auto). rewrite IH; auto. intros k K. apply H. right; auto. Qed.

Theorem every_cell_traps q n c : in_cell w -> best_in_cell q n c ->
  exists w1 v1 w2 v2, in_cell w1 /\ in_cell w2 /\ 0 < v1 /\ v2 < 0
    /\ (forall i, In i S -> predict w1 v1 w2 v2 c i = feature q n c i) /\ minimum_at w1 v1 w2 v2 c.
Proof.
  intros HW (Lq & HB). destruct HW as (Lw & r & Hr & HC).
  destruct (bounded (fun i => dot q (x i) - n * dot w (x i)) S) as (M & PM & HM).
  set (T := 2 * M / r + Rabs n + 1).
  assert (A := Rle_abs (- n)). rewrite Rabs_Ropp in A. assert (A' := Rabs_pos n).
  assert (PT : 0 < 2 * M / r) by (apply Rdiv_lt_0_compat; lra).
  assert (HT : 0 < T) by (unfold T; lra). assert (HV : 2 * M / r < T + n) by (unfold T; lra).
  set (v := T + n). assert (PV : 0 < v) by (unfold v; lra).
  set (w1 := mix (T / v) w (/ v) q).
  assert (E1 : forall i, dot w1 (x i) = (T * dot w (x i) + dot q (x i)) / v).
  { intros i. unfold w1. rewrite dot_mix by congruence. field. lra. }
  assert (Near : forall i, In i S -> Rabs (dot w1 (x i) - dot w (x i)) <= r / 2).
  { intros i Hi. rewrite E1. replace ((T * dot w (x i) + dot q (x i)) / v - dot w (x i)) with ((dot q (x i) - n * dot w (x i)) / v)
      by (unfold v; field; fold v; lra).
    unfold Rdiv at 1. rewrite Rabs_mult, (Rabs_right (/ v)) by (apply Rle_ge, Rlt_le, Rinv_0_lt_compat; auto).
    apply Rmult_le_reg_r with v; auto. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    apply Rle_trans with M; [apply HM; auto|].
    apply Rmult_le_reg_r with (2 / r); [apply Rdiv_lt_0_compat; lra|].
    replace (M * (2 / r)) with (2 * M / r) by (field; lra).
    replace (r / 2 * v * (2 / r)) with v by (field; lra). unfold v. lra. }
  assert (C1 : in_cell w1).
  { split; [apply mix_length; auto|]. exists (r / 2). split; [lra|]. intros i z Hi Hz. apply HC; auto.
    replace (z - dot w (x i)) with ((z - dot w1 (x i)) + (dot w1 (x i) - dot w (x i))) by ring.
    apply Rle_lt_trans with (1 := Rabs_triang _ _). specialize (Near i Hi). lra. }
  assert (C2 : in_cell w) by (split; auto; exists r; auto).
  assert (At : forall u i, in_cell u -> In i S -> h (dot u (x i)) = s i * dot u (x i) + o i).
  { intros u i (_ & r' & Hr' & H') Hi. apply H'; auto. rewrite Rminus_eq_0, Rabs_R0. auto. }
  assert (P : forall i, In i S -> predict w1 v w (- T) c i = feature q n c i).
  { intros i Hi. unfold predict, feature. rewrite (At w1), (At w), E1 by auto. unfold v. field. fold v. lra. }
  exists w1, v, w, (- T). repeat split; auto; try lra.
  - destruct C1; auto.
  - destruct C1 as (_ & H); auto.
  - exists r; auto.
  - destruct (stays w1 C1) as (e1 & Pe1 & S1). destruct (stays w C2) as (e2 & Pe2 & S2).
    exists (Rmin e1 e2). split; [apply Rmin_pos; auto|].
    intros w1' v1' w2' v2' c' K1 _ K2 _ _.
    assert (L1 : length w1' = D) by (apply close1_length in K1; rewrite <- K1; apply mix_length; auto).
    assert (L2 : length w2' = D) by (apply close1_length in K2; congruence).
    rewrite (distance_ext _ (feature q n c) P).
    rewrite (distance_ext (predict w1' v1' w2' v2' c') (feature (mix v1' w1' v2' w2') (v1' + v2') c')).
    + apply HB. apply mix_length; auto.
    + intros i Hi. unfold predict, feature.
      assert (Q1 : close1 e1 w1 w1') by (apply (close1_mono (Rmin e1 e2)); [apply Rmin_l|exact K1]).
      assert (Q2 : close1 e2 w w2') by (apply (close1_mono (Rmin e1 e2)); [apply Rmin_r|exact K2]).
      rewrite (S1 w1' Q1 i Hi), (S2 w2' Q2 i Hi).
      rewrite dot_mix by congruence. ring.
Qed.
End Cell.
