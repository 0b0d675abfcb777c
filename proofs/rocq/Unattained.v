(* not_attained for rational problems with squared loss: the goals, and the theorem. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Bool Arith.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck FunctionBound Rays Homogeneous TreeBound Scale Gain NotAttained.
Import ListNotations.
Open Scope R_scope.

Definition sq (a b : R) : R := (a - b) * (a - b).
Lemma sq_positive a b : 0 <= sq a b.
Proof. apply Rle_0_sqr. Qed.
Lemma sq_zero : forall f y, length f = length y -> sum2 sq f y <= 0 -> f = y.
Proof.
  assert (P : forall f y, 0 <= sum2 sq f y) by (induction f as [|a f IH]; intros [|b y]; simpl; try lra; specialize (IH y); assert (Q := sq_positive a b); lra).
  induction f as [|a f IH]; intros [|b y] L H; try discriminate; auto. simpl in H, L. assert (Q := sq_positive a b). assert (Pf := P f y).
  assert (Z : sq a b = 0) by lra. unfold sq in Z. apply Rmult_integral in Z. f_equal; [destruct Z; lra|apply IH; [lia|lra]].
Qed.
Lemma square_sum {I} (f y q : I -> R) : forall S, sum (fun e => sq (f e) (q e)) S =
  sum (fun e => sq (f e) (y e)) S - 2 * (sum (fun e => (q e - y e) * f e) S - sum (fun e => (q e - y e) * q e) S) - sum (fun e => (q e - y e) * (q e - y e)) S.
Proof. induction S as [|e S IH]; cbn [sum]; [ring|]. rewrite IH. unfold sq. ring. Qed.
(* the predictions of a network whose risk is what the vector g proves: y - t g *)
Definition goal (y : list Q) (g : list Z) : list Q :=
  let g := rational g in let t := qnorm (dotT Qops g y / dotT Qops g g) in map (fun p => sub Qops (snd p) (mul Qops t (fst p))) (combine g y).
Lemma expand t : forall g f y, length g = length f -> length f = length y ->
  sum2 sq f (map (fun p => snd p - t * fst p) (combine g y)) = sum2 sq f y - 2 * t * (dot g y - dot g f) + t * t * dot g g.
Proof. induction g as [|a g IH]; intros [|b f] [|c y] L1 L2; try discriminate; simpl; [ring|]. rewrite IH by (simpl in *; lia). unfold sq. ring. Qed.
Lemma goal_values q t : Q2R q = t -> forall u y,
  rv QR (map (fun p => sub Qops (snd p) (mul Qops q (fst p))) (combine u y)) = map (fun p => snd p - t * fst p) (combine (rv QR u) (rv QR y)).
Proof.
  intros E. induction u as [|x u IH]; intros [|z y]; try reflexivity. cbn [combine map rv fst snd]. rewrite (toR_sub QR), (toR_mul QR). cbn [toR QR]. rewrite E. f_equal. apply IH.
Qed.
Definition tight (c rho : Q) (y : list Q) (g : list Z) : bool :=
  let g := rational g in let s := dotT Qops g y in
  ltb Qops 0%Q c && ltb Qops 0%Q s && Qeq_bool (mul Qops rho (dotT Qops g g)) (mul Qops c (mul Qops s s)).
Lemma tight_ok c rho y g f : length g = length f -> length f = length y -> dot (rv ZR g) f <= 0 -> tight c rho y g = true -> Q2R c * sum2 sq f (rv QR y) = Q2R rho ->
  f = rv QR (goal y g) /\ dot (rv ZR g) f = 0.
Proof.
  intros L1 L2 P H E. unfold tight in H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  apply (ltb_ok QR) in H1, H2. apply Qeq_bool_eq, Qeq_eqR in H3. change Q2R with (toR QR) in H3. rewrite !(toR_mul QR), !(dotT_ok Qops QR), !rational_ok in H3. rewrite (dotT_ok Qops QR), rational_ok in H2.
  cbn [toR QR] in *. rewrite real_zero in H1, H2. set (s := dot (rv ZR g) (rv QR y)) in *. set (n := dot (rv ZR g) (rv ZR g)) in *.
  assert (Pn : 0 < n).
  { assert (N : 0 <= n) by (unfold n; clear; induction (rv ZR g) as [|x l IH]; simpl; [lra|assert (0 <= x * x) by apply Rle_0_sqr; lra]).
    destruct N as [N|N]; auto. rewrite <- N, Rmult_0_r in H3. assert (0 < Q2R c * (s * s)) by (apply Rmult_lt_0_compat; [auto|apply Rmult_lt_0_compat; auto]). lra. }
  set (t := s / n). assert (G : rv QR (goal y g) = map (fun p => snd p - t * fst p) (combine (rv ZR g) (rv QR y))).
  { assert (T : Q2R (qnorm (dotT Qops (rational g) y / dotT Qops (rational g) (rational g))) = t).
    { rewrite qnorm_ok. assert (N0 : Q2R (dotT Qops (rational g) (rational g)) = n) by (change Q2R with (toR QR); rewrite (dotT_ok Qops QR), rational_ok; auto).
      rewrite Q2R_div; [|intros Q; apply Qeq_eqR in Q; rewrite N0, real_zero in Q; lra]. rewrite N0. change Q2R with (toR QR). rewrite (dotT_ok Qops QR), rational_ok. reflexivity. }
    unfold goal. rewrite <- rational_ok. apply goal_values, T. }
  assert (Lf : length (rv ZR g) = length f) by (unfold rv; rewrite map_length; auto). assert (Ly : length f = length (rv QR y)) by (unfold rv; rewrite map_length; auto).
  assert (X := expand t (rv ZR g) f (rv QR y) Lf Ly). fold s n in X. rewrite <- G in X.
  assert (ES : sum2 sq f (rv QR y) = s * s / n).
  { apply Rmult_eq_reg_l with (Q2R c); [|lra]. rewrite E. apply Rmult_eq_reg_r with n; [|lra]. rewrite H3. field. lra. }
  assert (Q : sum2 sq f (rv QR (goal y g)) = 2 * t * dot (rv ZR g) f) by (rewrite X, ES; unfold t; field; lra).
  assert (Pt : 0 < t) by (apply Rdiv_lt_0_compat; auto).
  assert (F : f = rv QR (goal y g)).
  { apply sq_zero; [|rewrite Q; nra]. rewrite G, map_length, combine_length. lia. }
  split; auto. assert (Z : sum2 sq f (rv QR (goal y g)) = 0) by (rewrite <- F; clear; induction f as [|a f IH]; simpl; [auto|rewrite IH; unfold sq; ring]). rewrite Z in Q. nra.
Qed.
(* a vector that proves more *)
Definition loose (c rho : Q) (y : list Q) (g : list Z) : bool :=
  let s := dotT Qops (rational g) y in let more := qnorm (c * (s * s) / dotT Qops (rational g) (rational g)) in gain_squared c more y g && ltb Qops rho more.
(* the vectors q, each with whether <q, goal> < 0 *)
Definition signed_by (f : list Q) (qs : list (list Z)) : list (list Z * bool) := map (fun q => (q, ltb Qops (dotT Qops (rational q) f) 0%Q)) qs.
Definition not_above (f : list Q) (qs : list (list Z)) : bool := forallb (fun q => leb Qops (dotT Qops (rational q) f) 0%Q) qs.
Lemma signed_by_ok f qs q b : not_above f qs = true -> In (q, b) (signed_by f qs) -> 0 <= dot (rv ZR q) (rv QR f) -> (b = false -> 0 < dot (rv ZR q) (rv QR f)) -> False.
Proof.
  intros N I P S. unfold signed_by in I. apply in_map_iff in I. destruct I as (q' & E & I). inversion E; subst. unfold not_above in N. rewrite forallb_forall in N. specialize (N q I).
  apply (leb_ok QR) in N. rewrite (dotT_ok Qops QR), rational_ok in N. cbn [toR QR] in N. rewrite real_zero in N. destruct (ltb Qops _ _) eqn:B.
  - apply (ltb_ok QR) in B. rewrite (dotT_ok Qops QR), rational_ok in B. cbn [toR QR] in B. rewrite real_zero in B. lra.
  - specialize (S eq_refl). lra.
Qed.

Section Unattained.
Variables (L a b : Z).
Variables (h : act Q) (bh bo : bool) (D : list (list Q * list Q)) (extra : list (list Z)).
Variables (units width n : nat) (c rho : Q).
Definition labels : list Q := map (fun d : list Q * list Q => hd 0%Q (snd d)) D.
Definition common (G : list (list Z)) (tree : list Z) (S : list (option (list (list Z * bool)))) : bool :=
  (0 <? L)%Z && (0 <? a)%Z && (0 <? b)%Z && exact_act a b h && exact_data L D && ltb Qops 0%Q c && forallb (fun d => (length (snd d) =? 1)%nat) D &&
  check_unattained Zops shrinkZ (scale_act a b h) bh (scale_data L D) G extra tree units width n bo S.
(* G: each vector with the vectors q that refute its goal *)
Definition check_unattained_tree (G : list (list Z * list (list Z))) (tree : list Z) : bool :=
  forallb (fun x => loose c rho labels (fst x) || tight c rho labels (fst x) && not_above (goal labels (fst x)) (snd x)) G &&
  common (map fst G) tree (map (fun x => if loose c rho labels (fst x) then None else Some (signed_by (goal labels (fst x)) (snd x))) G).
(* fits: the best predictions of any function of the inputs *)
Definition check_unattained_functions (fits : list Q) (qs : list (list Z)) : bool :=
  let E := combine D fits in let off := fun e : list Q * list Q * Q => sub Qops (snd e) (hd 0%Q (snd (fst e))) in
  (length fits =? length D)%nat && not_above fits qs &&
  forallb (fun e0 => Qeq_bool (sumT Qops (fun e => if sameT Qops (fst (fst e)) (fst (fst e0)) then off e else 0%Q) E) 0%Q) E &&
  Qeq_bool (sumT Qops (fun e => mul Qops (off e) (snd e)) E) 0%Q && Qeq_bool (mul Qops c (sumT Qops (fun e => mul Qops (off e) (off e)) E)) rho &&
  common [map (fun _ => 0%Z) D] [0%Z] [Some (signed_by fits qs)].

Definition predicted (out : list R) (W : list (list R)) : list R := map (fun d => hd 0 (net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] (rv QR (fst d)))) D.
Definition sized (out : list R) (W : list (list R)) : Prop := length out = ((if bo then 1 else 0) + width)%nat /\ length W = width /\ forall row, In row W -> length row = n.
Lemma common_ok G tree S out W : common G tree S = true -> sized out W ->
  0 < Q2R c /\ Q2R c * sum2 sq (predicted out W) (rv QR labels) = risk_of sqd (Q2R c) (rN QR [(bo, act_out Qops); (bh, h)]) (rD QR D) [[out]; W] /\
  exists g s, In (g, s) (combine G S) /\ length g = length D /\ dot (rv ZR g) (predicted out W) <= 0 /\
    forall seps, s = Some seps -> dot (rv ZR g) (predicted out W) = 0 -> exists q b, In (q, b) seps /\ 0 <= dot (rv ZR q) (predicted out W) /\ (b = false -> 0 < dot (rv ZR q) (predicted out W)).
Proof.
  intros H (LO & LW & LR). unfold common in H. repeat (apply andb_prop in H; let H' := fresh "C" in destruct H as [H H']). apply Z.ltb_lt in H, C4, C5.
  apply (ltb_ok QR) in C1. cbn [toR QR] in C1. rewrite real_zero in C1. rewrite forallb_forall in C0. split; auto. split.
  - unfold risk_of, predicted, labels. f_equal. rewrite total_sum. unfold rD. rewrite sum_map. cbn [fst snd]. clear - C0. induction D as [|d D' IH]; [reflexivity|].
    cbn [map sum2 sum InteriorCheck.rv]. rewrite <- IH by (intros; apply C0; right; auto). assert (LD := C0 d (or_introl eq_refl)). destruct d as [x [|y [|]]]; try discriminate LD.
    cbn [fst snd hd map InteriorCheck.rv]. change (map (toR QR) x) with (rv QR x).
    assert (NE : exists z, net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] (rv QR x) = [z]) by (eexists; reflexivity). destruct NE as (z & NE). rewrite NE. cbn [hd sqd]. unfold sq. cbn [toR QR]. ring.
  - destruct (scaled_network L a b h bh bo D n H C5 C4 C3 C2 out W) as (out' & W' & LO' & LW' & LR' & NET).
    destruct (check_unattained_ok Zops ZR shrinkZ shrinkZ_ok _ _ _ _ _ _ _ _ _ _ _ C out' W') as (g & s & F & Hg & Lg & NF & PG & SEP); [etransitivity; [exact LO'|exact LO]|etransitivity; [exact LW'|exact LW]|auto|].
    unfold scale_data in Lg. rewrite map_length in Lg.
    assert (EF : map F (scale_data L D) = predicted out W).
    { unfold scale_data, predicted. rewrite map_map. apply map_ext_in. intros d Hd. assert (N1 := NF (map (scaleZ L) (fst d), @nil Z)). cbn [fst] in N1. exact (f_equal (hd 0) (eq_trans (eq_sym N1) (NET d Hd))). }
    rewrite EF in PG. exists g, s. split; auto. split; auto. split; [exact PG|]. intros seps E Z0. rewrite <- EF in Z0. destruct (SEP seps E Z0) as (q & b' & Hq & P1 & P2). rewrite EF in P1, P2. exists q, b'. auto.
Qed.
Theorem check_unattained_tree_ok G tree : check_unattained_tree G tree = true -> forall out W, sized out W ->
  risk_of sqd (Q2R c) (rN QR [(bo, act_out Qops); (bh, h)]) (rD QR D) [[out]; W] <> Q2R rho.
Proof.
  intros H out W HS E. unfold check_unattained_tree in H. apply andb_prop in H. destruct H as [H1 H2]. rewrite forallb_forall in H1.
  destruct (common_ok _ _ _ out W H2 HS) as (Hc & ER & g & s & Hg & Lg & PG & SEP). rewrite <- ER in E.
  assert (IX : exists qs, In (g, qs) G /\ s = if loose c rho labels g then None else Some (signed_by (goal labels g) qs)).
  { clear - Hg. induction G as [|[g0 qs0] G IH]; [destruct Hg|]. cbn [map combine fst snd] in Hg. destruct Hg as [Hg|Hg].
    - inversion Hg; subst. exists qs0. split; [left|]; auto.
    - destruct (IH Hg) as (qs & I & Q). exists qs. split; [right|]; auto. }
  destruct IX as (qs & IG & ->). specialize (H1 _ IG). cbn [fst snd] in H1.
  assert (Lp : length (predicted out W) = length D) by apply map_length. assert (Ll : length labels = length D) by apply map_length.
  destruct (loose c rho labels g) eqn:EL.
  - unfold loose in EL. apply andb_prop in EL. destruct EL as [L1 L2]. apply (ltb_ok QR) in L2. cbn [toR QR] in L2.
    assert (B := gain_squared_ok c _ labels g (predicted out W) (Rlt_le _ _ Hc) (eq_trans Lg (eq_sym Lp)) (eq_trans Lp (eq_sym Ll)) PG L1). fold sq in B. change (fun a b0 : R => (a - b0) * (a - b0)) with sq in B. lra.
  - apply andb_prop in H1. destruct H1 as [T N]. destruct (tight_ok c rho labels g (predicted out W) (eq_trans Lg (eq_sym Lp)) (eq_trans Lp (eq_sym Ll)) PG T E) as [F Z0].
    destruct (SEP _ eq_refl Z0) as (q & b' & Hq & P1 & P2). rewrite F in P1, P2. exact (signed_by_ok _ _ _ _ N Hq P1 P2).
Qed.
Lemma dot_zeros {A} (l : list A) : forall v, dot (rv ZR (map (fun _ => 0%Z) l)) v = 0.
Proof. induction l as [|x l IH]; intros [|y v]; simpl; auto. rewrite IH. ring. Qed.
Theorem check_unattained_functions_ok fits qs : check_unattained_functions fits qs = true -> forall out W, sized out W ->
  risk_of sqd (Q2R c) (rN QR [(bo, act_out Qops); (bh, h)]) (rD QR D) [[out]; W] <> Q2R rho.
Proof.
  intros H out W HS E. unfold check_unattained_functions in H. set (EE := combine D fits) in H. set (off := fun e : list Q * list Q * Q => sub Qops (snd e) (hd 0%Q (snd (fst e)))) in H.
  repeat (apply andb_prop in H; let H' := fresh "C" in destruct H as [H H']). apply Nat.eqb_eq in H.
  destruct (common_ok _ _ _ out W C HS) as (Hc & ER & g & s & Hg & Lg & PG & SEP). rewrite <- ER in E. destruct Hg as [Hg|[]]. inversion Hg; subst g s. clear Hg.
  set (f := fun x => hd 0 (net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] x)).
  set (w := fun e : list Q * list Q * Q => Q2R (snd e) - Q2R (hd 0%Q (snd (fst e)))).
  assert (OW : forall e, toR QR (off e) = w e) by (intros; unfold off, w; rewrite (toR_sub QR); reflexivity).
  assert (Z1 : sum (fun e => w e * f (rv QR (fst (fst e)))) EE = 0).
  { apply (groups w (fun e : list Q * list Q * Q => rv QR (fst (fst e))) EE). intros e0 He. rewrite forallb_forall in C2. specialize (C2 e0 He). apply Qeq_bool_eq, Qeq_eqR in C2. change Q2R with (toR QR) in C2.
    rewrite (sumT_ok Qops QR) in C2. cbn [toR QR] in C2. rewrite real_zero in C2. etransitivity; [|exact C2]. apply sum_ext. intros e _. rewrite (sameT_ok Qops QR). destruct (same _ _); [symmetry; apply OW|symmetry; apply real_zero]. }
  assert (Z2 : sum (fun e => w e * Q2R (snd e)) EE = 0).
  { apply Qeq_bool_eq, Qeq_eqR in C1. change Q2R with (toR QR) in C1. rewrite (sumT_ok Qops QR) in C1. cbn [toR QR] in C1. rewrite real_zero in C1. etransitivity; [|exact C1]. apply sum_ext. intros e _. transitivity (toR QR (off e) * toR QR (snd e)); [rewrite OW; reflexivity|symmetry; apply (toR_mul QR)]. }
  assert (Z3 : Q2R c * sum (fun e => w e * w e) EE = Q2R rho).
  { apply Qeq_bool_eq, Qeq_eqR in C0. change Q2R with (toR QR) in C0. rewrite (toR_mul QR), (sumT_ok Qops QR) in C0. etransitivity; [|exact C0]. cbn [toR QR]. f_equal. apply sum_ext. intros e _. transitivity (toR QR (off e) * toR QR (off e)); [rewrite OW; reflexivity|symmetry; apply (toR_mul QR)]. }
  assert (X1 : sum2 sq (predicted out W) (rv QR labels) = sum (fun e => sq (f (rv QR (fst (fst e)))) (Q2R (hd 0%Q (snd (fst e))))) EE).
  { unfold EE, predicted, labels, f. clear - H. revert fits H. induction D as [|d D' IH]; intros [|q fits] H; try discriminate; [reflexivity|]. exact (f_equal2 Rplus eq_refl (IH fits (f_equal pred H))). }
  assert (X2 : sum2 sq (predicted out W) (rv QR fits) = sum (fun e => sq (f (rv QR (fst (fst e)))) (Q2R (snd e))) EE).
  { unfold EE, predicted, f. clear - H. revert fits H. induction D as [|d D' IH]; intros [|q fits] H; try discriminate; [reflexivity|]. exact (f_equal2 Rplus eq_refl (IH fits (f_equal pred H))). }
  assert (X3 : sum (fun e => sq (f (rv QR (fst (fst e)))) (Q2R (snd e))) EE =
    sum (fun e => sq (f (rv QR (fst (fst e)))) (Q2R (hd 0%Q (snd (fst e))))) EE - 2 * (sum (fun e => w e * f (rv QR (fst (fst e)))) EE - sum (fun e => w e * Q2R (snd e)) EE) - sum (fun e => w e * w e) EE).
  { exact (square_sum (fun e => f (rv QR (fst (fst e)))) (fun e => Q2R (hd 0%Q (snd (fst e)))) (fun e => Q2R (snd e)) EE). }
  assert (F : predicted out W = rv QR fits).
  { apply sq_zero; [unfold predicted, rv; rewrite !map_length; auto|]. rewrite X2, X3, Z1, Z2, <- X1. assert (EQ : sum2 sq (predicted out W) (rv QR labels) = sum (fun e => w e * w e) EE) by (apply Rmult_eq_reg_l with (Q2R c); lra). rewrite EQ. lra. }
  destruct (SEP _ eq_refl (dot_zeros D _)) as (q & b' & Hq & P1 & P2). rewrite F in P1, P2. exact (signed_by_ok _ _ _ _ C3 Hq P1 P2).
Qed.
End Unattained.
