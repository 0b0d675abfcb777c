(* real_interior_minimum: a rational point strictly inside a cell, under logistic or Poisson loss. Its residuals are combinations of
   values of the curve (the sigmoid, or exp) at distinct positive numbers, and of 1; the minorant is constant for each of them. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses Theorem1 Statements InteriorMinimum LinearAlgebra Numbers InteriorCheck Gain Theorem1Check Enclosure SpanCheck ZeroInfimum.
Import ListNotations.
Open Scope R_scope.

(* ---- conditions on the weights are linear ---- *)
Definition made {E} (w : E -> R) (pat : E -> list (list (R * R))) (x : E -> list R) (e : E) : samp := (w e, pat e, x e).
Lemma kill_linear {E} (x : E -> list R) (S : list E) a : forall N w1 w2 pat, kill N (map (made w1 pat x) S) -> kill N (map (made w2 pat x) S) -> kill N (map (made (fun e => a * w1 e + w2 e) pat x) S).
Proof.
  assert (LIN : forall f g : E -> R, sum f S = 0 -> sum g S = 0 -> sum (fun e => a * f e + g e) S = 0) by (intros f g F G; rewrite sum_plus, sum_scal, F, G; ring).
  induction N as [|[b w] N IH]; intros w1 w2 pat H1 H2; cbn [kill] in *.
  - intros m. specialize (H1 m). specialize (H2 m). rewrite sum_map in *. unfold made, swt, sx in *. cbn [fst snd] in *. rewrite (sum_ext _ (fun e => a * (w1 e * nth m (x e) 0) + w2 e * nth m (x e) 0)) by (intros; ring). apply LIN; auto.
  - intros j Hj. destruct (H1 j Hj) as (A1 & A2 & A3). destruct (H2 j Hj) as (B1 & B2 & B3). set (q := fun e : E => nth j (hd [] (pat e)) (0, 0)).
    assert (ADV : forall w, map (advance j) (map (made w pat x) S) = map (made (fun e => w e * fst (q e)) (fun e => tl (pat e)) x) S) by (intros w0; rewrite map_map; reflexivity).
    split; [|split].
    + rewrite sum_map in *. unfold made, swt, piece_of, spat in *. cbn [fst snd] in *. rewrite (sum_ext _ (fun e => a * (w1 e * snd (q e)) + w2 e * snd (q e))) by (intros; unfold q; ring). apply LIN; auto.
    + intros Hb. specialize (A2 Hb). specialize (B2 Hb). rewrite sum_map in *. unfold made, swt, piece_of, spat in *. cbn [fst snd] in *. rewrite (sum_ext _ (fun e => a * (w1 e * fst (q e)) + w2 e * fst (q e))) by (intros; unfold q; ring). apply LIN; auto.
    + rewrite ADV in *. specialize (IH _ _ _ A3 B3). erewrite map_ext; [exact IH|]. intros e. unfold made. f_equal. f_equal. ring.
Qed.
Lemma kill_same {E} (x : E -> list R) (S : list E) N w1 w2 pat : (forall e, In e S -> w1 e = w2 e) -> kill N (map (made w1 pat x) S) -> kill N (map (made w2 pat x) S).
Proof. intros H K. erewrite map_ext_in; [exact K|]. intros e He. unfold made. rewrite H; auto. Qed.

(* ---- the residual at a prediction f: base + active * sign * curve (key) ---- *)
Definition curve (l : log_loss) : R -> R := match l with Poisson => exp | _ => sigmoid end.
Definition key (l : log_loss) (f : Q) : Q := match l with Poisson => f | _ => if Qle_bool 0 f then f else (- f)%Q end.
Definition sign (l : log_loss) (f : Q) : Q := match l with Poisson => 1 | _ => if Qle_bool 0 f then 1 else (-1) end%Q.
Definition base (l : log_loss) (f : Q) : Q := match l with Poisson => if Qeq_bool f 0 then 1 else 0 | _ => if Qeq_bool f 0 then 1 # 2 else if Qle_bool 0 f then 0 else 1 end%Q.
Definition active (f : Q) : Q := if Qeq_bool f 0 then 0%Q else 1%Q.
Lemma half_real : Q2R (1 # 2) = / 2.
Proof. unfold Q2R. simpl. lra. Qed.
Lemma sigmoid_opposite a : sigmoid a = 1 - sigmoid (- a).
Proof. unfold sigmoid. assert (E := exp_pos a). rewrite exp_Ropp. field. lra. Qed.
Lemma minus_one : Q2R (-1) = -1.
Proof. unfold Q2R. simpl. lra. Qed.
Lemma split_curve l f : curve l (Q2R f) = Q2R (base l f) + Q2R (active f) * Q2R (sign l f) * curve l (Q2R (key l f)).
Proof.
  unfold base, active. destruct (Qeq_bool f 0) eqn:E.
  - apply q_eq in E. rewrite real_zero in E. rewrite E, real_zero. destruct l; cbn [curve]; rewrite ?half_real, ?real_one; unfold sigmoid; rewrite ?exp_0; lra.
  - rewrite real_one. unfold sign, key. destruct l; cbn [curve]; try (destruct (Qle_bool 0 f)); rewrite ?Q2R_opp, ?real_one, ?real_zero, ?minus_one; try ring; rewrite (sigmoid_opposite (Q2R f)); ring.
Qed.

Section Check.
Variable l : log_loss.
Definition entry : Type := (list Q * list Q * (list (list (Q * Q)) * list Q))%type.
Definition fit (k : nat) (e : entry) : Q := nth k (snd (snd e)) 0%Q.
Definition weighted (w : entry -> Q) (e : entry) : sampT Qops := (w e, fst (snd e), fst (fst e)).
(* act: what is left of the residuals after the curve at earlier keys *)
Fixpoint check_curves (d : nat) (N : list (bool * nat)) (S : list entry) (k : nat) (keys : list Q) (act : entry -> Q) : bool :=
  match keys with
  | [] => forallb (fun e => Qeq_bool (act e) 0) S
  | a :: keys' =>
      killT Qops d N (map (weighted (fun e => if Qeq_bool (key l (fit k e)) a then mul Qops (act e) (sign l (fit k e)) else 0%Q)) S) &&
      check_curves d N S k keys' (fun e => if Qeq_bool (key l (fit k e)) a then 0%Q else act e)
  end.
Definition patR (e : entry) : list (list (R * R)) := map (rso QR) (fst (snd e)).
Definition xR (e : entry) : list R := qv (fst (fst e)).
Lemma weighted_made w S : map (rs QR) (map (weighted w) S) = map (made (fun e => Q2R (w e)) patR xR) S.
Proof. rewrite map_map. reflexivity. Qed.
Lemma curves_ok d N S k : forall keys act, check_curves d N S k keys act = true ->
  kill N (map (made (fun e => Q2R (act e) * Q2R (sign l (fit k e)) * curve l (Q2R (key l (fit k e)))) patR xR) S).
Proof.
  induction keys as [|a keys IH]; intros act H; cbn [check_curves] in H.
  - rewrite forallb_forall in H. assert (Z : kill N (map (made (fun _ => 0) patR xR) S)).
    { clear. generalize patR. induction N as [|[b w] N IH]; intros pat; cbn [kill]; [intros m; rewrite sum_map; apply sum_0; intros e _; unfold made, swt; simpl; ring|]. intros j _.
      split; [rewrite sum_map; apply sum_0; intros e _; unfold made, swt; simpl; ring|]. split; [intros _; rewrite sum_map; apply sum_0; intros e _; unfold made, swt; simpl; ring|].
      rewrite map_map. specialize (IH (fun e => tl (pat e))). erewrite map_ext; [exact IH|]. intros e. unfold advance, made, swt, spat, sx. cbn [fst snd]. rewrite Rmult_0_l. reflexivity. }
    eapply kill_same; [|exact Z]. intros e He. cbn beta. rewrite (q_eq _ _ (H e He)), real_zero. ring.
  - apply andb_prop in H. destruct H as [H1 H2]. apply (killT_ok Qops QR) in H1. rewrite weighted_made in H1. specialize (IH _ H2).
    eapply kill_same; [|exact (kill_linear xR S (curve l (Q2R a)) N _ _ patR H1 IH)]. intros e He. cbn beta. destruct (Qeq_bool (key l (fit k e)) a) eqn:E.
    + apply q_eq in E. rewrite real_zero, E. change Q2R with (toR QR) at 2. rewrite (toR_mul QR). cbn [toR QR]. ring.
    + rewrite real_zero. ring.
Qed.
End Check.
Definition check_real_interior (p : problem_of log_loss) (th : params Q) : bool :=
  let N := layers p in let l := loss_of p in let m := n_out p in let shape := shapeNT Qops N th in
  match l with CrossEntropy => false | _ => true end && Qle_bool 0 (factor p) &&
  match tracesT Qops N th (samples p) with
  | None => false
  | Some tr =>
      forallb (fun e : entry => (length (snd (fst e)) =? m)%nat && (length (snd (snd e)) =? m)%nat) tr &&
      forallb (fun k => killT Qops (n_in p) shape (map (weighted (fun e => sub Qops (base l (fit k e)) (nth k (snd (fst e)) 0%Q))) tr) &&
        check_curves l (n_in p) shape tr k (map (fun e => key l (fit k e)) tr) (fun e => active (fit k e))) (seq 0 m)
  end.
Theorem check_real_interior_ok p th : check_real_interior p th = true -> local_min (log_risk p) (real th).
Proof.
  unfold check_real_interior. intros H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [HL Hc]. apply Qle_bool_iff, Qle_Rle in Hc. rewrite real_zero in Hc.
  destruct (tracesT Qops (layers p) th (samples p)) as [S|] eqn:ET; [|discriminate]. apply andb_prop in H3. destruct H3 as [H1 H2]. rewrite forallb_forall in H1, H2. destruct (tracesT_ok Qops _ _ _ _ ET) as [T1 T2].
  set (L := real_loss (loss_of p)). assert (ER : log_risk p = risk_of (value L) (Q2R (factor p)) (rN QR (layers p)) (rD QR (samples p))) by (unfold log_risk, L; rewrite real_loss_ok; reflexivity). rewrite ER.
  set (f := fun e : entry => (qv (fst (fst e)), qv (snd (fst e)), map (rso QR) (fst (snd e)))).
  replace (rD QR (samples p)) with (map fst (map f S)) by (rewrite map_map; unfold f; simpl; rewrite <- T1; unfold rD; rewrite map_map; reflexivity).
  assert (TR : forall e, In e S -> inside (rN QR (layers p)) (map (rso QR) (fst (snd e))) (real th) (qv (fst (fst e))) /\ net (rN QR (layers p)) (real th) (qv (fst (fst e))) = qv (snd (snd e)) /\ length (snd (fst e)) = n_out p /\ length (snd (snd e)) = n_out p).
  { intros e He. specialize (T2 e He). specialize (H1 e He). apply andb_prop in H1. destruct H1 as [L1 L2]. apply Nat.eqb_eq in L1, L2. destruct e as [[x y] [q a]]. cbn [fst snd] in *. destruct (traceT_ok Qops QR _ _ _ _ _ T2) as [I1 I2]. auto. }
  apply (interior_minimum L) with (n_out p); auto.
  - intros d Hd. apply in_map_iff in Hd. destruct Hd as (e & <- & He). destruct (TR e He) as (I1 & I2 & L1 & L2). unfold f. cbn [fst snd]. split; [exact I1|]. split; [unfold rv; rewrite map_length; exact L1|]. etransitivity; [apply (f_equal (@length R)); exact I2|]. unfold rv. rewrite map_length. exact L2.
  - intros k Hk. assert (Q : In k (seq 0 (n_out p))) by (apply in_seq; lia). specialize (H2 k Q). apply andb_prop in H2. destruct H2 as [K1 K2]. apply (killT_ok Qops QR) in K1. rewrite weighted_made in K1. apply curves_ok in K2.
    assert (K := kill_linear xR S 1 _ _ _ patR K1 K2). rewrite <- (shapeNT_ok Qops QR) in K. change (rp QR th) with (real th) in K.
    rewrite map_map. erewrite map_ext_in; [exact K|]. intros e He. destruct (TR e He) as (_ & I2 & L1 & L2). unfold residual, f, made, patR, xR. cbn [fst snd]. f_equal. f_equal.
    etransitivity; [apply (f_equal (fun u => nth k (slope L u (qv (snd (fst e)))) 0)); exact I2|].
    assert (SL : nth k (slope L (qv (snd (snd e))) (qv (snd (fst e)))) 0 = curve (loss_of p) (Q2R (fit k e)) - Q2R (nth k (snd (fst e)) 0%Q)).
    { assert (LQ : length (qv (snd (snd e))) = length (qv (snd (fst e)))) by (etransitivity; [apply map_length|etransitivity; [exact L2|symmetry; etransitivity; [apply map_length|exact L1]]]).
      assert (LK : (k < length (qv (snd (fst e))))%nat) by (rewrite (eq_trans (map_length Q2R (snd (fst e))) L1 : length (qv (snd (fst e))) = n_out p); auto).
      unfold L. destruct (loss_of p); try discriminate HL; cbn [real_loss slope logistic poisson by_output]; rewrite (nth_map2 _ 0) by auto; rewrite !nth_qv; reflexivity. }
    etransitivity; [exact SL|]. rewrite split_curve. assert (SB := toR_sub QR (base (loss_of p) (fit k e)) (nth k (snd (fst e)) 0%Q)). cbn [toR QR] in SB. rewrite SB. ring.
Qed.
