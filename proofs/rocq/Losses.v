(* The losses over the reals: value, slope, and the inequality that makes them convex. *)
Require Import Reals List Lra Lia.
From Symverify Require Import Spec.
Import ListNotations.
Open Scope R_scope.

(* losses that are sums over the outputs: only the inequality in one variable is needed *)
Fixpoint sum2 (f : R -> R -> R) (u y : list R) : R :=
  match u, y with a :: u', b :: y' => f a b + sum2 f u' y' | _, _ => 0 end.
Fixpoint map2 {A} (f : A -> A -> A) (u y : list A) : list A :=
  match u, y with a :: u', b :: y' => f a b :: map2 f u' y' | _, _ => [] end.
Definition by_output (f df : R -> R -> R) (H : forall a a' y, df a y * (a' - a) <= f a' y - f a y) : convex_loss.
Proof.
  refine {| value := sum2 f; slope := map2 df |}.
  intros u. induction u as [|a u IH]; intros [|a' u'] [|y Y] L L'; try discriminate; simpl; [lra|].
  assert (Q := H a a' y). assert (Q' := IH u' Y). simpl in *. assert (length u = length Y) by lia. assert (length u' = length Y) by lia.
  specialize (Q' H0 H1). lra.
Defined.

Definition squared : convex_loss.
Proof.
  refine {| value := sqd; slope := map2 (fun a y => 2 * (a - y)) |}.
  intros u. induction u as [|a u IH]; intros [|a' u'] [|y Y] L L'; try discriminate; simpl; [lra|].
  assert (Q' := IH u' Y). simpl in *. assert (length u = length Y) by lia. assert (length u' = length Y) by lia. specialize (Q' H H0).
  assert (0 <= (a' - a) * (a' - a)) by apply Rle_0_sqr. nra.
Defined.
Lemma nth_map2 (f : R -> R -> R) d : forall u y k, length u = length y -> (k < length y)%nat -> nth k (map2 f u y) d = f (nth k u 0) (nth k y 0).
Proof. induction u; intros [|b y] [|k] L Hk; simpl in *; try lia; auto. apply IHu; lia. Qed.

(* Huber: e^2/2 for |e| <= d, else d (|e| - d/2) *)
Definition huber1 (d a y : R) : R :=
  if Rle_dec (a - y) (- d) then - (d * (a - y)) - d * d / 2 else
  if Rle_dec d (a - y) then d * (a - y) - d * d / 2 else (a - y) * (a - y) / 2.
Definition huber1' (d a y : R) : R :=
  if Rle_dec (a - y) (- d) then - d else if Rle_dec d (a - y) then d else a - y.
Lemma huber_convex d : 0 < d -> forall a a' y, huber1' d a y * (a' - a) <= huber1 d a' y - huber1 d a y.
Proof.
  intros Hd a a' y. unfold huber1, huber1'. replace (a' - a) with ((a' - y) - (a - y)) by ring.
  generalize (a - y) (a' - y). intros e e'. 
  destruct (Rle_dec e (- d)), (Rle_dec e' (- d)); repeat destruct (Rle_dec d _); try (exfalso; lra);
    assert (S1 := Rle_0_sqr (e' + d)); assert (S2 := Rle_0_sqr (e' - d)); assert (S3 := Rle_0_sqr (e' - e)); unfold Rsqr in *; nra.
Qed.
Definition huber (d : R) (Hd : 0 < d) : convex_loss := by_output (huber1 d) (huber1' d) (huber_convex d Hd).

(* absolute, quantile and hinge loss: at y (1/y) the slopes of both sides, and those between them, support them *)
Definition absolute1 (a y : R) : R := Rabs (a - y).
Definition quantile1 (tau a y : R) : R := if Rle_dec a y then tau * (y - a) else (1 - tau) * (a - y).
Definition hinge1 (a y : R) : R := Rmax 0 (1 - y * a).
Definition below (low high a y : R) : R := if Rle_dec a y then low else high.
Definition above (low high a y : R) : R := if Rle_dec y a then high else low.
Definition inner (a y : R) : R := if Rle_dec 0 (1 - y * a) then - y else 0.
Definition outer (a y : R) : R := if Rle_dec (1 - y * a) 0 then 0 else - y.
Lemma absolute_convex a a' y : below (-1) 1 a y * (a' - a) <= absolute1 a' y - absolute1 a y /\ above (-1) 1 a y * (a' - a) <= absolute1 a' y - absolute1 a y.
Proof. unfold below, above, absolute1, Rabs. destruct (Rle_dec a y), (Rle_dec y a), (Rcase_abs (a - y)), (Rcase_abs (a' - y)); split; lra. Qed.
Lemma quantile_convex tau a a' y : below (- tau) (1 - tau) a y * (a' - a) <= quantile1 tau a' y - quantile1 tau a y /\
  above (- tau) (1 - tau) a y * (a' - a) <= quantile1 tau a' y - quantile1 tau a y.
Proof. unfold below, above, quantile1. destruct (Rle_dec a y), (Rle_dec y a), (Rle_dec a' y); split; lra. Qed.
Lemma hinge_convex a a' y : inner a y * (a' - a) <= hinge1 a' y - hinge1 a y /\ outer a y * (a' - a) <= hinge1 a' y - hinge1 a y.
Proof.
  unfold inner, outer, hinge1. assert (M1 := Rmax_l 0 (1 - y * a')). assert (M2 := Rmax_r 0 (1 - y * a')).
  destruct (Rle_dec 0 (1 - y * a)), (Rle_dec (1 - y * a) 0); split; try (rewrite (Rmax_right 0 (1 - y * a)) by lra; lra); rewrite (Rmax_left 0 (1 - y * a)) by lra; lra.
Qed.
Definition absolute_loss : convex_loss := by_output absolute1 (below (-1) 1) (fun a a' y => proj1 (absolute_convex a a' y)).
Definition quantile_loss (tau : R) : convex_loss := by_output (quantile1 tau) (below (- tau) (1 - tau)) (fun a a' y => proj1 (quantile_convex tau a a' y)).
Definition hinge_loss : convex_loss := by_output hinge1 inner (fun a a' y => proj1 (hinge_convex a a' y)).
(* a linear loss: the label is its slope *)
Definition linear_loss : convex_loss.
Proof. refine {| value := fun u y => dot y u; slope := fun u y => y |}. intros. lra. Defined.

(* logistic loss, for a label y (a probability, or 0 or 1): log(1 + e^a) - y a *)
Definition sigmoid (a : R) : R := exp a / (1 + exp a).
Definition logistic1 (a y : R) : R := ln (1 + exp a) - y * a.
Definition logistic1' (a y : R) : R := sigmoid a - y.
Lemma logistic_convex a a' y : logistic1' a y * (a' - a) <= logistic1 a' y - logistic1 a y.
Proof.
  unfold logistic1', logistic1. set (p := sigmoid a). set (d := a' - a). assert (E := exp_pos a). assert (E' := exp_pos a').
  assert (Hp : 0 < p < 1).
  { unfold p, sigmoid. split; [apply Rdiv_lt_0_compat; lra|]. apply Rmult_lt_reg_r with (1 + exp a); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  assert (Q : 1 + exp a' = (1 + exp a) * ((1 - p) + p * exp d)).
  { unfold p, sigmoid, d. replace a' with (a + (a' - a)) at 1 by ring. rewrite exp_plus. field. lra. }
  assert (X : exp (p * d) <= (1 - p) + p * exp d).
  { assert (A1 := exp_ineq1_le (d - p * d)). assert (A2 := exp_ineq1_le (- (p * d))).
    assert (B : 1 <= p * exp (d - p * d) + (1 - p) * exp (- (p * d))) by nra.
    replace (exp d) with (exp (d - p * d) * exp (p * d)) by (rewrite <- exp_plus; f_equal; ring).
    assert (B2 : exp (- (p * d)) * exp (p * d) = 1) by (rewrite <- exp_plus; replace (- (p * d) + p * d) with 0 by ring; apply exp_0).
    assert (P := exp_pos (p * d)). replace ((1 - p) + p * (exp (d - p * d) * exp (p * d))) with ((p * exp (d - p * d) + (1 - p) * exp (- (p * d))) * exp (p * d)).
    - apply Rle_trans with (1 * exp (p * d)); [lra|]. apply Rmult_le_compat_r; lra.
    - rewrite Rmult_plus_distr_r, (Rmult_assoc (1 - p)), B2. ring. }
  assert (P := exp_pos (p * d)).
  assert (L : ln (1 + exp a') = ln (1 + exp a) + ln ((1 - p) + p * exp d)) by (rewrite Q; apply ln_mult; lra).
  assert (L2 : p * d <= ln ((1 - p) + p * exp d)).
  { rewrite <- (ln_exp (p * d)). destruct (Rle_lt_or_eq_dec _ _ X) as [X'|X']; [left; apply ln_increasing; auto|right; f_equal; auto]. }
  rewrite L. unfold d in *. lra.
Qed.
Definition logistic : convex_loss := by_output logistic1 logistic1' logistic_convex.

(* Poisson loss, for a label y >= 0: e^a - y a *)
Definition poisson1 (a y : R) : R := exp a - y * a.
Definition poisson1' (a y : R) : R := exp a - y.
Lemma poisson_convex a a' y : poisson1' a y * (a' - a) <= poisson1 a' y - poisson1 a y.
Proof.
  unfold poisson1', poisson1. assert (E := exp_ineq1_le (a' - a)). assert (P := exp_pos a). replace (exp a') with (exp a * exp (a' - a)) by (rewrite <- exp_plus; f_equal; ring).
  assert (Q : exp a * (1 + (a' - a)) <= exp a * exp (a' - a)) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Definition poisson : convex_loss := by_output poisson1 poisson1' poisson_convex.

(* softmax cross-entropy, for labels y that are probabilities of the classes: log sum_k e^(a_k) - sum_k y_k a_k *)
Fixpoint sum_exp (u : list R) : R := match u with [] => 0 | a :: u' => exp a + sum_exp u' end.
Definition softmax (u : list R) : list R := map (fun a => exp a / sum_exp u) u.
Lemma sum_exp_nonnegative u : 0 <= sum_exp u.
Proof. induction u as [|a u IH]; simpl; [lra|]. assert (E := exp_pos a). lra. Qed.
Lemma sum_exp_positive u : u <> [] -> 0 < sum_exp u.
Proof. destruct u as [|a u]; [congruence|]. intros _. simpl. assert (E := exp_pos a). assert (P := sum_exp_nonnegative u). lra. Qed.
Lemma dot_map2_minus : forall p y v, length p = length y -> dot (map2 Rminus p y) v = dot p v - dot y v.
Proof. induction p as [|a p IH]; intros [|b y] [|c v] L; try discriminate; simpl; try ring. rewrite IH by (simpl in L; lia). ring. Qed.
Lemma dot_softmax_over u S : forall v, dot (map (fun a => exp a / S) u) v = dot (map exp u) v / S.
Proof. induction u as [|a u IH]; intros [|c v]; simpl; unfold Rdiv; try ring. rewrite IH. unfold Rdiv. ring. Qed.
(* e^(u'_k) >= e^(u_k) e^M (1 + u'_k - u_k - M), summed *)
Lemma sum_exp_above M : forall u u', length u = length u' ->
  exp M * ((1 - M) * sum_exp u + (dot (map exp u) u' - dot (map exp u) u)) <= sum_exp u'.
Proof.
  induction u as [|a u IH]; intros [|a' u'] L; try discriminate; simpl; [lra|]. specialize (IH u' ltac:(simpl in L; lia)).
  assert (E := exp_ineq1_le (a' - a - M)). assert (P1 := exp_pos a). assert (P2 := exp_pos M).
  replace (exp a') with (exp a * exp M * exp (a' - a - M)) by (rewrite <- !exp_plus; f_equal; ring).
  assert (Q : exp a * exp M * (1 + (a' - a - M)) <= exp a * exp M * exp (a' - a - M)) by (apply Rmult_le_compat_l; [nra|auto]). lra.
Qed.
Definition cross_entropy : convex_loss.
Proof.
  refine {| value := fun u y => ln (sum_exp u) - dot y u; slope := fun u y => map2 Rminus (softmax u) y |}.
  intros u u' y L L'. rewrite !dot_map2_minus by (unfold softmax; rewrite map_length; auto).
  destruct u as [|a u]; [destruct y; [|discriminate]; destruct u'; [|discriminate]; simpl; lra|].
  assert (S : 0 < sum_exp (a :: u)) by (apply sum_exp_positive; discriminate). assert (S' : 0 < sum_exp u') by (apply sum_exp_positive; destruct u'; [destruct y; discriminate|discriminate]).
  unfold softmax. rewrite !dot_softmax_over. set (w := dot (map exp (a :: u)) u' - dot (map exp (a :: u)) (a :: u)). set (M := w / sum_exp (a :: u)).
  assert (B := sum_exp_above M (a :: u) u' ltac:(congruence)). fold w in B.
  replace ((1 - M) * sum_exp (a :: u) + w) with (sum_exp (a :: u)) in B by (unfold M; field; lra).
  assert (G : M + ln (sum_exp (a :: u)) <= ln (sum_exp u')).
  { rewrite <- (ln_exp M) at 1. rewrite <- ln_mult by (auto using exp_pos). destruct (Rle_lt_or_eq_dec _ _ B) as [Lt|Eq]; [left; apply ln_increasing; auto; apply Rmult_lt_0_compat; auto using exp_pos|right; f_equal; auto]. }
  unfold M, w, Rdiv in G. unfold Rdiv. lra.
Defined.
