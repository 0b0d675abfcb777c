(* real_descent: along a polynomial curve the risk under logistic or Poisson loss changes by a combination of the residuals, up to terms of
   twice the order of the predictions' change. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses Statements InteriorMinimum LinearAlgebra Theorem1Losses Numbers InteriorCheck LossCheck ValleyCheck Descent FunctionBound Gain Theorem1Check Enclosure SpanCheck ZeroInfimum NoMinimum RealInterior.
Import ListNotations.
Open Scope R_scope.

(* ---- the losses, from above ---- *)
Definition loss1 (l : log_loss) : R -> R -> R := match l with Poisson => poisson1 | _ => logistic1 end.
Lemma exp_above h : Rabs h <= / 2 -> exp h <= 1 + h + 2 * (h * h).
Proof.
  intros H. assert (B : - / 2 <= h <= / 2) by (unfold Rabs in H; destruct (Rcase_abs h); lra). assert (E := exp_ineq1_le (- h)). assert (P := exp_pos h). rewrite exp_Ropp in E.
  assert (X : (1 + - h) * exp h <= 1) by (replace 1 with (/ exp h * exp h) at 2 by (field; lra); apply Rmult_le_compat_r; lra). nra.
Qed.
Lemma loss1_above l a h y : Rabs h <= / 2 -> loss1 l (a + h) y <= loss1 l a y + (curve l a - y) * h + 2 * (1 + exp a) * (h * h).
Proof.
  intros H. assert (X := exp_above h H). assert (E := exp_pos a). assert (H2 := Rle_0_sqr h). unfold Rsqr in H2. destruct l; cbn [loss1 curve].
  1, 2: unfold logistic1, sigmoid; assert (Eh := exp_pos h); assert (Q : 1 + exp (a + h) = (1 + exp a) * (1 + exp a / (1 + exp a) * (exp h - 1))) by (rewrite exp_plus; field; lra);
    assert (PP : 0 < 1 + exp a / (1 + exp a) * (exp h - 1)) by (apply Rmult_lt_reg_l with (1 + exp a); [lra|]; rewrite <- Q, Rmult_0_r; assert (Z := exp_pos (a + h)); lra);
    rewrite Q, ln_mult by lra; assert (LB := ln_below _ PP); set (s := exp a / (1 + exp a)) in *;
    assert (S : 0 < s < 1) by apply (sigmoid_inside a); nra.
  unfold poisson1. rewrite exp_plus. nra.
Qed.

(* ---- polynomials that begin with some zeros ---- *)
Notation poly := (list Q).
Notation ev := (ev_p Qops QR).
Fixpoint after_zeros (k : nat) (p : poly) : option poly :=
  match k, p with O, _ => Some p | S _, [] => Some [] | S k', a :: p' => if Qeq_bool a 0 then after_zeros k' p' else None end.
Lemma after_zeros_ok x : forall k p g, after_zeros k p = Some g -> ev x p = x ^ k * ev x g.
Proof.
  induction k as [|k IH]; intros [|a p] g H; cbn [after_zeros] in H; try (injection H as <-); try (cbn [pow]; ring).
  - unfold ev_p. simpl. ring.
  - destruct (Qeq_bool a 0) eqn:E; [|discriminate]. apply q_eq in E. rewrite real_zero in E. specialize (IH p g H). unfold ev_p in *. cbn [rv map pev toR QR pow] in *. rewrite E, IH. ring.
Qed.
Definition first_of (p : poly) : Q := hd 0%Q p.
Lemma first_near p d : 0 < d -> soon (fun x => Rabs (ev x p - Q2R (first_of p)) < d).
Proof.
  intros Hd. destruct p as [|a p]; [apply soon_always; intros x; unfold ev_p; simpl; rewrite real_zero, Rminus_0_r, Rabs_R0; auto|]. apply (pev_near (Q2R a) (rv QR p) d Hd).
Qed.

(* ---- the curve: for each sample and output the prediction and the label ---- *)
Definition track : Type := (poly * Q)%type.
Definition tracks (N : list (bool * act Q)) (th : params poly) (D : list (list Q * list Q)) : list track := flat_map (fun d => combine (net_soon Qops N th (constants Qops (fst d))) (snd d)) D.
Definition begin (e : track) : Q := first_of (fst e).
Definition mixture (w : track -> Q) (E : list track) : poly := fold_right (fun e s => padd Qops (map (mul Qops (w e)) (tl (fst e))) s) [] E.
Lemma mixture_ok x w E : ev x (mixture w E) = sum (fun e => Q2R (w e) * ev x (tl (fst e))) E.
Proof. induction E as [|e E IH]; [reflexivity|]. cbn [mixture fold_right sum]. rewrite (padd_ok Qops QR), (pscal_ok Qops QR). fold (mixture w E). rewrite IH. reflexivity. Qed.

Section Descents.
Variable places : BinNums.positive.
Variable l : log_loss.
(* v: a number on that side of e^a *)
Definition curve_with (v : Q) : Q := match l with Poisson => v | _ => (v / (1 + v))%Q end.
Definition curve_at_most (a v : Q) : bool := exp_at_most places a v.
Definition curve_at_least (a v : Q) : bool := ltb Qops 0%Q v && exp_at_least places a v.
Lemma share_real v : 0 < Q2R v -> Q2R (v / (1 + v)) = Q2R v / (1 + Q2R v).
Proof.
  intros H. rewrite Q2R_div; [rewrite Q2R_plus, real_one; reflexivity|]. intros E. apply Qeq_eqR in E. rewrite Q2R_plus, real_one, real_zero in E. lra.
Qed.
Lemma share_le u v : 0 < u -> u <= v -> u / (1 + u) <= v / (1 + v).
Proof. intros H L. apply Rmult_le_reg_r with ((1 + u) * (1 + v)); [apply Rmult_lt_0_compat; lra|]. replace (u / (1 + u) * ((1 + u) * (1 + v))) with (u * (1 + v)) by (field; lra). replace (v / (1 + v) * ((1 + u) * (1 + v))) with (v * (1 + u)) by (field; lra). lra. Qed.
Lemma curve_at_most_ok a v : curve_at_most a v = true -> curve l (Q2R a) <= Q2R (curve_with v).
Proof.
  intros H. apply exp_at_most_ok in H. assert (E := exp_pos (Q2R a)). unfold curve_with. destruct l; cbn [curve]; auto; rewrite share_real by lra; apply share_le; auto.
Qed.
Lemma curve_at_least_ok a v : curve_at_least a v = true -> Q2R (curve_with v) <= curve l (Q2R a).
Proof.
  intros H. apply andb_prop in H. destruct H as [H0 H]. apply (ltb_ok QR) in H0. cbn [toR QR] in H0. rewrite real_zero in H0. apply exp_at_least_ok in H. unfold curve_with. destruct l; cbn [curve]; auto; rewrite share_real by lra; apply share_le; auto.
Qed.
Lemma curve_positive a : 0 < curve l a.
Proof. destruct l; cbn [curve]; [apply sigmoid_inside|apply sigmoid_inside|apply exp_pos]. Qed.

(* the first coefficient, from order k on, of the part of the curve at these keys; live: what is left of the residuals after earlier keys *)
Fixpoint curves_slope (k : nat) (E : list track) (keys : list (Q * Q)) (live : track -> Q) : option Q :=
  match keys with
  | [] => if forallb (fun e => Qeq_bool (live e) 0) E then Some 0%Q else None
  | (a, v) :: keys' =>
      let here e := Qeq_bool (key l (begin e)) a in
      match after_zeros k (mixture (fun e => if here e then mul Qops (live e) (sign l (begin e)) else 0%Q) E), curves_slope k E keys' (fun e => if here e then 0%Q else live e) with
      | Some g, Some rest => if (if Qle_bool 0 (first_of g) then curve_at_most a v else curve_at_least a v) then Some (add Qops (mul Qops (first_of g) (curve_with v)) rest) else None
      | _, _ => None
      end
  end.
Lemma curves_slope_ok k E : forall keys live U, curves_slope k E keys live = Some U -> exists V : R -> R,
  (forall x, sum (fun e => Q2R (live e) * Q2R (sign l (begin e)) * curve l (Q2R (key l (begin e))) * ev x (tl (fst e))) E = x ^ k * V x) /\ forall eps, 0 < eps -> soon (fun x => V x < Q2R U + eps).
Proof.
  induction keys as [|[a v] keys IH]; intros live U H; cbn [curves_slope] in H.
  - destruct (forallb _ E) eqn:Z; [|discriminate]. injection H as <-. rewrite forallb_forall in Z. exists (fun _ => 0). split.
    + intros x. rewrite Rmult_0_r. apply sum_0. intros e He. rewrite (q_eq _ _ (Z e He)), real_zero. ring.
    + intros eps He. apply soon_always. intros _. rewrite real_zero. lra.
  - match type of H with context [after_zeros k (mixture ?f E)] => set (w := f) in * end.
    destruct (after_zeros k (mixture w E)) as [g|] eqn:EG; [|discriminate]. destruct (curves_slope k E keys _) as [rest|] eqn:ER; [|discriminate].
    destruct (if Qle_bool 0 (first_of g) then curve_at_most a v else curve_at_least a v) eqn:S; [|discriminate]. injection H as <-.
    destruct (IH _ _ ER) as (V & V1 & V2). exists (fun x => curve l (Q2R a) * ev x g + V x). split.
    + intros x. rewrite Rmult_plus_distr_l, <- V1. replace (x ^ k * (curve l (Q2R a) * ev x g)) with (curve l (Q2R a) * (x ^ k * ev x g)) by ring. rewrite <- (after_zeros_ok x k _ g EG), mixture_ok, <- sum_scal, <- sum_plus.
      apply sum_ext. intros e _. unfold w. cbv beta. destruct (Qeq_bool (key l (begin e)) a) eqn:HE.
      * apply q_eq in HE. rewrite HE. rewrite real_zero. assert (MM := toR_mul QR (live e) (sign l (begin e))). cbn [toR QR] in MM. rewrite MM. ring.
      * rewrite real_zero. ring.
    + intros eps He. assert (CP := curve_positive (Q2R a)). set (d := eps / 2 / curve l (Q2R a)). assert (Hd : 0 < d) by (unfold d; apply Rdiv_lt_0_compat; lra).
      assert (SL : curve l (Q2R a) * Q2R (first_of g) <= Q2R (first_of g) * Q2R (curve_with v)).
      { destruct (Qle_bool 0 (first_of g)) eqn:LE.
        - apply Qle_bool_iff, Qle_Rle in LE. rewrite real_zero in LE. apply curve_at_most_ok in S. rewrite Rmult_comm. apply Rmult_le_compat_l; auto.
        - assert (N : Q2R (first_of g) < 0). { rewrite <- real_zero. apply Qlt_Rlt. apply Qnot_le_lt. intros C. apply Qle_bool_iff in C. congruence. }
          apply curve_at_least_ok in S. nra. }
      apply (soon_imp (fun x => Rabs (ev x g - Q2R (first_of g)) < d /\ V x < Q2R rest + eps / 2)); [|apply soon_and; [apply first_near; auto|apply V2; lra]].
      intros x _ [A B]. apply Rabs_def2 in A. change Q2R with (toR QR). rewrite (toR_add QR), (toR_mul QR). cbn [toR QR].
      assert (X : curve l (Q2R a) * ev x g <= curve l (Q2R a) * (Q2R (first_of g) + d)) by (apply Rmult_le_compat_l; lra). rewrite Rmult_plus_distr_l in X.
      replace (curve l (Q2R a) * d) with (eps / 2) in X by (unfold d; field; lra). lra.
Qed.
(* the change of the risk has order k + 1 and a negative coefficient; all predictions change by order q + 1 or more *)
Definition falls_soon (E : list track) (q k : nat) (keys : list (Q * Q)) : bool :=
  forallb (fun e : track => match after_zeros q (tl (fst e)) with Some _ => true | None => false end) E && (k <? 2 * q + 1)%nat &&
  match after_zeros k (mixture (fun e => sub Qops (base l (begin e)) (snd e)) E), curves_slope k E keys (fun e => active (begin e)) with
  | Some g, Some U => ltb Qops (add Qops (first_of g) U) 0%Q
  | _, _ => false
  end.
Lemma poly_split x (p : poly) : ev x p = Q2R (first_of p) + x * ev x (tl p).
Proof. destruct p as [|a p]; unfold ev_p; simpl; [rewrite real_zero; ring|reflexivity]. Qed.
Lemma squares_bounded q : forall E, (forall e, In e E -> exists g, after_zeros q (tl (fst e)) = Some g) -> exists M, 0 <= M /\ forall x, 0 < x < 1 ->
  sum (fun e : track => 2 * (1 + exp (Q2R (begin e))) * (ev x (tl (fst e)) * ev x (tl (fst e)))) E <= x ^ q * x ^ q * M.
Proof.
  induction E as [|e E IH]; intros H; [exists 0; split; [lra|]; intros; simpl; lra|]. destruct IH as (M & PM & B); [intros; apply H; right; auto|]. destruct (H e (or_introl eq_refl)) as (g & EG).
  destruct (pev_bound (rv QR g)) as (G & PG & BG). assert (EP := exp_pos (Q2R (begin e))). exists (2 * (1 + exp (Q2R (begin e))) * (G * G) + M). split; [assert (0 <= G * G) by (apply Rmult_le_pos; auto); nra|].
  intros x Hx. cbn [sum]. specialize (B x Hx). rewrite (after_zeros_ok x q _ g EG). specialize (BG x Hx). change (pev (rv QR g) x) with (ev x g) in BG.
  assert (S : ev x g * ev x g <= G * G) by (assert (A := Rabs_pos (ev x g)); replace (ev x g * ev x g) with (Rabs (ev x g) * Rabs (ev x g)) by (rewrite <- Rabs_mult; apply Rabs_right, Rle_ge, Rle_0_sqr); apply Rmult_le_compat; auto).
  assert (XP : 0 <= x ^ q * x ^ q) by (apply Rle_0_sqr).
  replace (2 * (1 + exp (Q2R (begin e))) * (x ^ q * ev x g * (x ^ q * ev x g))) with (x ^ q * x ^ q * (2 * (1 + exp (Q2R (begin e))) * (ev x g * ev x g))) by ring.
  rewrite (Rmult_plus_distr_l (x ^ q * x ^ q)). apply Rplus_le_compat; auto. apply Rmult_le_compat_l; auto. apply Rmult_le_compat_l; [lra|auto].
Qed.
Theorem falls_soon_ok E q k keys : falls_soon E q k keys = true ->
  soon (fun x => sum (fun e => loss1 l (ev x (fst e)) (Q2R (snd e))) E < sum (fun e => loss1 l (Q2R (begin e)) (Q2R (snd e))) E).
Proof.
  unfold falls_soon. intros H. apply andb_prop in H. destruct H as [H HS]. apply andb_prop in H. destruct H as [HZ HK]. apply Nat.ltb_lt in HK. rewrite forallb_forall in HZ.
  destruct (after_zeros k (mixture _ E)) as [g|] eqn:EG; [|discriminate]. destruct (curves_slope k E keys _) as [U|] eqn:EU; [|discriminate]. apply (ltb_ok QR) in HS. rewrite (toR_add QR) in HS. cbn [toR QR] in HS. rewrite real_zero in HS.
  destruct (curves_slope_ok _ _ _ _ _ EU) as (V & V1 & V2). destruct (squares_bounded q E) as (M & PM & B).
  { intros e He. specialize (HZ e He). destruct (after_zeros q (tl (fst e))) as [g0|]; [eauto|discriminate]. }
  set (eps := - (Q2R (first_of g) + Q2R U)) in *. assert (Heps : 0 < eps) by (unfold eps; lra).
  assert (SMALL : soon (fun x => forall e, In e E -> Rabs (x * ev x (tl (fst e))) <= / 2)).
  { apply soon_all. intros e _. apply (soon_imp (fun x => Rabs (pev (0 :: rv QR (tl (fst e))) x - 0) < / 2)); [|apply pev_near; lra]. intros x _ A. simpl in A. rewrite Rplus_0_l, Rminus_0_r in A. unfold ev_p. lra. }
  assert (SOON : soon (fun x => x * M < eps / 3 /\ x < 1)).
  { exists (Rmin 1 (eps / 3 / (M + 1))). split; [apply Rmin_pos; [lra|apply Rdiv_lt_0_compat; lra]|]. assert (L1 := Rmin_l 1 (eps / 3 / (M + 1))). assert (L2 := Rmin_r 1 (eps / 3 / (M + 1))). intros x Hx. split; [|lra].
    apply Rle_lt_trans with (x * (M + 1)); [nra|]. replace (eps / 3) with (eps / 3 / (M + 1) * (M + 1)) by (field; lra). apply Rmult_lt_compat_r; lra. }
  assert (G1 := soon_and _ _ (first_near g (eps / 3) ltac:(lra)) (V2 (eps / 3) ltac:(lra))). assert (G2 := soon_and _ _ SMALL SOON).
  eapply soon_imp; [|exact (soon_and _ _ G1 G2)]. intros x Hx [[A1 A2] [A3 [A4 A5]]]. apply Rabs_def2 in A1.
  assert (UP : sum (fun e => loss1 l (ev x (fst e)) (Q2R (snd e))) E <= sum (fun e => loss1 l (Q2R (begin e)) (Q2R (snd e)) + (x * ((curve l (Q2R (begin e)) - Q2R (snd e)) * ev x (tl (fst e))) + x * x * (2 * (1 + exp (Q2R (begin e))) * (ev x (tl (fst e)) * ev x (tl (fst e)))))) E).
  { apply sum_le. intros e He. rewrite (poly_split x (fst e)). eapply Rle_trans; [apply loss1_above, A3, He|]. unfold begin. right. change (T Qops) with Q. ring. }
  rewrite !sum_plus, !sum_scal in UP. specialize (B x ltac:(lra)).
  assert (LIN : sum (fun e => (curve l (Q2R (begin e)) - Q2R (snd e)) * ev x (tl (fst e))) E = x ^ k * (ev x g + V x)).
  { rewrite Rmult_plus_distr_l, <- V1, <- (after_zeros_ok x k _ g EG), mixture_ok, <- sum_plus. apply sum_ext. intros e _. rewrite split_curve. assert (SB := toR_sub QR (base l (begin e)) (snd e)). cbn [toR QR] in SB. rewrite SB. ring. }
  rewrite LIN in UP. assert (XK : 0 < x ^ k) by (apply pow_lt; auto).
  assert (SQ : x * x * (x ^ q * x ^ q * M) <= x ^ k * x * (x * M)).
  { replace (x ^ q * x ^ q) with (x ^ (2 * q)) by (rewrite <- pow_add; f_equal; lia). replace (2 * q)%nat with (k + (2 * q - k))%nat by lia. rewrite pow_add.
    assert (O : x ^ (2 * q - k) <= 1) by (rewrite <- (pow1 (2 * q - k)); apply pow_incr; lra). assert (O' : 0 < x ^ (2 * q - k)) by (apply pow_lt; auto).
    replace (x * x * (x ^ k * x ^ (2 * q - k) * M)) with (x ^ k * x * (x * M) * x ^ (2 * q - k)) by ring. assert (Z : 0 <= x ^ k * x * (x * M)) by (repeat apply Rmult_le_pos; lra). nra. }
  assert (B2 : x * x * sum (fun e : track => 2 * (1 + exp (Q2R (begin e))) * (ev x (tl (fst e)) * ev x (tl (fst e)))) E <= x ^ k * x * (x * M)) by (eapply Rle_trans; [apply Rmult_le_compat_l; [apply Rle_0_sqr|exact B]|exact SQ]).
  assert (NEG : x * (x ^ k * (ev x g + V x)) + x ^ k * x * (x * M) < 0).
  { replace (x * (x ^ k * (ev x g + V x)) + x ^ k * x * (x * M)) with (x ^ k * x * (ev x g + V x + x * M)) by ring. assert (XX : 0 < x ^ k * x) by (apply Rmult_lt_0_compat; auto). assert (N : ev x g + V x + x * M < 0) by (unfold eps in *; lra). nra. }
  lra.
Qed.
End Descents.

Definition check_real_descent (places : BinNums.positive) (p : problem_of log_loss) (th : params poly) (q k : nat) (keys : list (Q * Q)) : bool :=
  match loss_of p with CrossEntropy => false | _ => true end && ltb Qops 0%Q (factor p) &&
  forallb (fun d => sameT Qops (map first_of (net_soon Qops (layers p) th (constants Qops (fst d)))) (netT Qops (layers p) (start Qops th) (fst d))) (samples p) &&
  falls_soon places (loss_of p) (tracks (layers p) th (samples p)) q k keys.
Lemma tracked f x : forall u y, sum2 f (map (ev x) u) (qv y) = sum (fun e : track => f (ev x (fst e)) (Q2R (snd e))) (combine u y).
Proof. induction u as [|a u IH]; intros [|b y]; try reflexivity. cbn [map rv sum2 combine sum fst snd]. rewrite <- IH. reflexivity. Qed.
Lemma tracked_begin f : forall u y, sum2 f (qv (map first_of u)) (qv y) = sum (fun e : track => f (Q2R (begin e)) (Q2R (snd e))) (combine u y).
Proof. induction u as [|a u IH]; intros [|b y]; try reflexivity. cbn [map rv sum2 combine sum fst snd]. rewrite <- IH. reflexivity. Qed.
Lemma sum_app {I} (f : I -> R) : forall u v, sum f (u ++ v) = sum f u + sum f v.
Proof. induction u as [|a u IH]; intros v; simpl; [ring|]. rewrite IH. ring. Qed.
Theorem check_real_descent_ok places p th q k keys : check_real_descent places p th q k keys = true -> ~ local_min (log_risk p) (real (start Qops th)).
Proof.
  unfold check_real_descent. intros H (e & He & M). apply andb_prop in H. destruct H as [H HF]. apply andb_prop in H. destruct H as [H H0]. apply andb_prop in H. destruct H as [HL HC]. apply (ltb_ok QR) in HC. cbn [toR QR] in HC. rewrite real_zero in HC. rewrite forallb_forall in H0.
  apply falls_soon_ok in HF. set (D := samples p) in *.
  assert (VAL : value_of_log (loss_of p) = sum2 (loss1 (loss_of p))) by (destruct (loss_of p); [reflexivity|discriminate|reflexivity]).
  assert (NETS : soon (fun x => forall d, In d D -> net (rN QR (layers p)) (at_ QR x th) (qv (fst d)) = map (ev x) (net_soon Qops (layers p) th (constants Qops (fst d))))).
  { apply soon_all. intros d _. eapply soon_imp; [|apply (net_soon_ok Qops QR (layers p) th (constants Qops (fst d)))]. intros x _ <-. f_equal. unfold constants. rewrite map_map. unfold rv. apply map_ext. intros a. symmetry. apply (ev1 Qops QR). }
  destruct (soon_and _ _ (soon_and _ _ HF NETS) (path_near Qops QR th e He)) as (e' & He' & A). destruct (A (e' / 2) ltac:(lra)) as ((A1 & A2) & A3). rewrite (at_start Qops QR) in A3. specialize (M _ A3). set (x := e' / 2) in *.
  assert (R1 : log_risk p (at_ QR x th) = Q2R (factor p) * sum (fun e => loss1 (loss_of p) (ev x (fst e)) (Q2R (snd e))) (tracks (layers p) th D)).
  { rewrite log_risk_sum, VAL. f_equal. fold D. clear - A2. unfold tracks. induction D as [|d D' IH]; [reflexivity|]. cbn [rD map sum flat_map fst snd]. rewrite sum_app, <- IH by (intros; apply A2; right; auto). f_equal. etransitivity; [exact (f_equal (fun u => sum2 (loss1 (loss_of p)) u (qv (snd d))) (A2 d (or_introl eq_refl)))|]. apply tracked. }
  assert (R0 : log_risk p (real (start Qops th)) = Q2R (factor p) * sum (fun e => loss1 (loss_of p) (Q2R (begin e)) (Q2R (snd e))) (tracks (layers p) th D)).
  { rewrite log_risk_sum, VAL. f_equal. fold D. clear - H0. unfold tracks. induction D as [|d D' IH]; [reflexivity|]. cbn [rD map sum flat_map fst snd]. rewrite sum_app, <- IH by (intros; apply H0; right; auto). f_equal.
    assert (E : net (rN QR (layers p)) (real (start Qops th)) (qv (fst d)) = qv (map first_of (net_soon Qops (layers p) th (constants Qops (fst d))))).
    { specialize (H0 d (or_introl eq_refl)). apply (sameT_iff Qops QR) in H0. etransitivity; [symmetry; apply (netT_ok Qops QR)|symmetry; exact H0]. }
    etransitivity; [exact (f_equal (fun u => sum2 (loss1 (loss_of p)) u (qv (snd d))) E)|]. apply tracked_begin. }
  rewrite R1, R0 in M. apply Rmult_le_reg_l in M; [|exact HC]. lra.
Qed.
