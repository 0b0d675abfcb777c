(* descent: a curve along which the risk falls refutes a local minimum; any depth.
   A polynomial has, for all small t > 0, the sign of its first non-zero coefficient. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck LossCheck ValleyCheck.
Import ListNotations.
Open Scope R_scope.

Definition soon (P : R -> Prop) : Prop := exists e, 0 < e /\ forall x, 0 < x < e -> P x.
Lemma soon_and P Q : soon P -> soon Q -> soon (fun x => P x /\ Q x).
Proof.
  intros (e1 & H1 & A) (e2 & H2 & B). exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. assert (L1 := Rmin_l e1 e2). assert (L2 := Rmin_r e1 e2).
  intros x Hx. split; [apply A|apply B]; lra.
Qed.
Lemma soon_imp (P Q : R -> Prop) : (forall x, 0 < x -> P x -> Q x) -> soon P -> soon Q.
Proof. intros H (e & He & A). exists e. split; auto. intros x Hx. apply H; [lra|auto]. Qed.
Lemma soon_always (P : R -> Prop) : (forall x, P x) -> soon P.
Proof. intros H. exists 1. split; [lra|auto]. Qed.
Lemma soon_all {I} (P : I -> R -> Prop) S : (forall i, In i S -> soon (P i)) -> soon (fun x => forall i, In i S -> P i x).
Proof.
  induction S as [|i S IH]; intros H; [apply soon_always; intros x i []|].
  apply (soon_imp (fun x => P i x /\ forall j, In j S -> P j x)); [intros x _ [A B] j [<-|Hj]; auto|].
  apply soon_and; [apply H; left; auto|apply IH; intros; apply H; right; auto].
Qed.
Lemma pev_bound p : exists M, 0 <= M /\ forall x, 0 < x < 1 -> Rabs (pev p x) <= M.
Proof.
  induction p as [|a p (M & HM & H)]; simpl.
  - exists 0. split; [lra|]. intros. rewrite Rabs_R0. lra.
  - exists (Rabs a + M). assert (A := Rabs_pos a). split; [lra|]. intros x Hx. apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult, (Rabs_right x) by lra.
    specialize (H x Hx). assert (B := Rabs_pos (pev p x)). nra.
Qed.
(* a + x p(x) is as near to a as wanted *)
Lemma pev_near a p d : 0 < d -> soon (fun x => Rabs (pev (a :: p) x - a) < d).
Proof.
  intros Hd. destruct (pev_bound p) as (M & HM & H). exists (Rmin 1 (d / (M + 1))). split; [apply Rmin_pos; [lra|apply Rdiv_lt_0_compat; lra]|].
  assert (L1 := Rmin_l 1 (d / (M + 1))). assert (L2 := Rmin_r 1 (d / (M + 1))). intros x Hx. simpl. replace (a + x * pev p x - a) with (x * pev p x) by ring.
  rewrite Rabs_mult, (Rabs_right x) by lra. assert (B := H x ltac:(lra)). assert (B0 := Rabs_pos (pev p x)).
  apply Rle_lt_trans with (x * M); [nra|]. apply Rle_lt_trans with (x * (M + 1)); [nra|]. replace d with (d / (M + 1) * (M + 1)) by (field; lra).
  apply Rmult_lt_compat_r; lra.
Qed.

Section Descent.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Notation poly := (list t).
Notation ev_p := (ev_p K KR).
Notation padd := (padd K).
Notation pmul := (pmul K).
Notation pdot := (pdot K).

Fixpoint rises (p : poly) : bool :=
  match p with [] => false | a :: p' => if leb K a z0 && leb K z0 a then rises p' else ltb K z0 a end.
Lemma rises_ok : forall p, (rises p = true -> soon (fun x => 0 < ev_p x p)) /\ (rises p = false -> soon (fun x => ev_p x p <= 0)).
Proof.
  induction p as [|a p [IH1 IH2]]; split; simpl; intros H; try discriminate.
  - apply soon_always. intros x. unfold ValleyCheck.ev_p. simpl. lra.
  - destruct (leb K a z0 && leb K z0 a) eqn:Z.
    + apply andb_prop in Z. destruct Z as [Z1 Z2]. apply (leb_ok KR) in Z1, Z2. rewrite toR_zero in *. apply (soon_imp (fun x => 0 < ev_p x p)); auto.
      intros x Hx P. unfold ValleyCheck.ev_p in *. simpl. assert (0 < x * pev (rv p) x) by (apply Rmult_lt_0_compat; auto). lra.
    + apply (ltb_ok KR) in H. rewrite toR_zero in H. apply (soon_imp (fun x => Rabs (ev_p x (a :: p) - r a) < r a)); [|apply (pev_near (r a) (rv p)); auto].
      intros x _ A. apply Rabs_def2 in A. lra.
  - destruct (leb K a z0 && leb K z0 a) eqn:Z.
    + apply andb_prop in Z. destruct Z as [Z1 Z2]. apply (leb_ok KR) in Z1, Z2. rewrite toR_zero in *. apply (soon_imp (fun x => ev_p x p <= 0)); auto.
      intros x Hx P. unfold ValleyCheck.ev_p in *. simpl. assert (x * pev (rv p) x <= 0) by nra. lra.
    + assert (N : r a < 0).
      { unfold ltb in H. apply negb_false_iff in H. destruct (leb K z0 a) eqn:Z2; [rewrite H in Z; discriminate|]. rewrite <- (toR_zero KR). apply (ltb_ok KR). unfold ltb. rewrite Z2. auto. }
      apply (soon_imp (fun x => Rabs (ev_p x (a :: p) - r a) < - r a)); [|apply (pev_near (r a) (rv p)); lra]. intros x _ A. apply Rabs_def2 in A. lra.
Qed.
Definition minus (p q : poly) : poly := padd p (map (mul K (z0 -! one K)) q).
Lemma minus_ok x p q : ev_p x (minus p q) = ev_p x p - ev_p x q.
Proof. unfold minus. rewrite (padd_ok K KR), (pscal_ok K KR), toR_sub, toR_zero, toR_one. ring. Qed.
(* if p <= q soon after 0 then P, else Q *)
Definition at_most_soon (p q : poly) : bool := negb (rises (minus p q)).
Lemma at_most_soon_ok p q : (at_most_soon p q = true -> soon (fun x => ev_p x p <= ev_p x q)) /\ (at_most_soon p q = false -> soon (fun x => ~ ev_p x p <= ev_p x q)).
Proof.
  unfold at_most_soon. destruct (rises_ok (minus p q)) as [A B]. split; intros H.
  - apply negb_true_iff in H. apply (soon_imp (fun x => ev_p x (minus p q) <= 0)); auto. intros x _ L. rewrite minus_ok in L. lra.
  - apply negb_false_iff in H. apply (soon_imp (fun x => 0 < ev_p x (minus p q))); auto. intros x _ L. rewrite minus_ok in L. lra.
Qed.

Definition affine (s o : t) (z : poly) : poly := padd (map (mul K s) z) [o].
Lemma affine_ok x s o z : ev_p x (affine s o z) = r s * ev_p x z + r o.
Proof. unfold affine. rewrite (padd_ok K KR), (pscal_ok K KR), (ev1 K KR). ring. Qed.
Fixpoint act_soon (ps : list (t * t * t)) (last : t * t) (z : poly) : poly :=
  match ps with
  | [] => affine (fst last) (snd last) z
  | p :: ps' => if at_most_soon z [fst (fst p)] then affine (snd (fst p)) (snd p) z else act_soon ps' last z
  end.
Lemma act_soon_ok h z : soon (fun x => ev (ra KR h) (ev_p x z) = ev_p x (act_soon (fst h) (snd h) z)).
Proof.
  destruct h as [ps [s o]]. unfold ev. cbn [fst snd ra]. induction ps as [|p ps IH]; cbn [map plin act_soon].
  - apply soon_always. intros x. rewrite affine_ok. reflexivity.
  - destruct (at_most_soon_ok z [fst (fst p)]) as [A B]. destruct (at_most_soon z [fst (fst p)]).
    + apply (soon_imp (fun x => ev_p x z <= ev_p x [fst (fst p)])); [|apply A; auto]. intros x _ L. rewrite (ev1 K KR) in L. destruct (Rle_dec _ _); [|contradiction].
      rewrite affine_ok. reflexivity.
    + apply (soon_imp (fun x => ~ ev_p x z <= ev_p x [fst (fst p)] /\ plin (map (fun p0 : t * t * t => (r (fst (fst p0)), r (snd (fst p0)), r (snd p0))) ps) (r s, r o) (ev_p x z) = ev_p x (act_soon ps (s, o) z))).
      * intros x _ [L E]. rewrite (ev1 K KR) in L. destruct (Rle_dec _ _); [contradiction|exact E].
      * apply soon_and; [apply B; auto|exact IH].
Qed.
Definition layer_soon (bh : bool * act t) (W : list (list poly)) (a : list poly) : list poly :=
  let a' := pext K (fst bh) a in map (fun row => act_soon (fst (snd bh)) (snd (snd bh)) (pdot row a')) W.
Fixpoint net_soon (N : list (bool * act t)) (th : params poly) (u : list poly) : list poly :=
  match N, th with bh :: N', W :: th' => layer_soon bh W (net_soon N' th' u) | _, _ => u end.
Lemma net_soon_ok : forall N th u, soon (fun x => net (rN KR N) (at_ KR x th) (map (ev_p x) u) = map (ev_p x) (net_soon N th u)).
Proof.
  induction N as [|bh N IH]; intros [|W th] u; try (apply soon_always; intros x; reflexivity). cbn [rN map at_ net net_soon].
  apply (soon_imp (fun x => net (rN KR N) (at_ KR x th) (map (ev_p x) u) = map (ev_p x) (net_soon N th u) /\
    forall row, In row W -> ev (ra KR (snd bh)) (ev_p x (pdot row (pext K (fst bh) (net_soon N th u)))) = ev_p x (act_soon (fst (snd bh)) (snd (snd bh)) (pdot row (pext K (fst bh) (net_soon N th u)))))).
  - intros x _ [E A]. cbn [fst snd]. fold (rN KR N). fold (at_ KR x th). rewrite E. unfold layer, layer_soon. cbn [fst snd]. rewrite !map_map. apply map_ext_in.
    intros row Hr. rewrite <- A by auto. rewrite (pdot_ok K KR), (pext_ok K KR). reflexivity.
  - apply soon_and; [apply IH|]. apply soon_all. intros row _. apply act_soon_ok.
Qed.

(* a loss along the curve *)
Definition loss_soon (lp : list poly -> list t -> poly) (L : convex_loss) : Prop :=
  forall u y, soon (fun x => value L (map (ev_p x) u) (rv y) = ev_p x (lp u y)).
Fixpoint sum_soon (f : poly -> t -> poly) (u : list poly) (y : list t) : poly :=
  match u, y with p :: u', b :: y' => padd (f p b) (sum_soon f u' y') | _, _ => [] end.
Lemma sum_soon_ok f F : (forall p b, soon (fun x => F (ev_p x p) (r b) = ev_p x (f p b))) ->
  forall u y, soon (fun x => sum2 F (map (ev_p x) u) (rv y) = ev_p x (sum_soon f u y)).
Proof.
  intros H. induction u as [|p u IH]; intros [|b y]; try (apply soon_always; intros x; reflexivity).
  apply (soon_imp (fun x => F (ev_p x p) (r b) = ev_p x (f p b) /\ sum2 F (map (ev_p x) u) (rv y) = ev_p x (sum_soon f u y))).
  - intros x _ [A B]. cbn [map sum2 sum_soon]. rewrite (padd_ok K KR), <- A, <- B. reflexivity.
  - apply soon_and; auto.
Qed.
Definition squared_soon1 (p : poly) (b : t) : poly := let e := padd p [z0 -! b] in pmul e e.
Lemma squared_soon_ok : loss_soon (sum_soon squared_soon1) squared.
Proof.
  intros u y. apply (soon_imp (fun x => sum2 (fun a b => (a - b) * (a - b)) (map (ev_p x) u) (rv y) = ev_p x (sum_soon squared_soon1 u y))).
  - intros x _ <-. cbn [value squared]. generalize (map (ev_p x) u) (rv y). induction l as [|a l IH]; intros [|b l']; simpl; auto. rewrite IH. auto.
  - apply sum_soon_ok. intros p b. apply soon_always. intros x. unfold squared_soon1. rewrite (pmul_ok K KR), (padd_ok K KR), (ev1 K KR), toR_sub, toR_zero. ring.
Qed.
Section Huber.
Variables half d : t.
Hypothesis half_ok : r half = / 2.
Hypothesis d_ok : 0 < r d.
Definition huber_soon1 (p : poly) (b : t) : poly :=
  let e := padd p [z0 -! b] in let dd := half *! (d *! d) in
  if at_most_soon e [z0 -! d] then affine (z0 -! d) (z0 -! dd) e else
  if at_most_soon [d] e then affine d (z0 -! dd) e else map (mul K half) (pmul e e).
Lemma huber_soon_ok : loss_soon (sum_soon huber_soon1) (huber (r d) d_ok).
Proof.
  intros u y. cbn [value huber by_output]. apply sum_soon_ok. intros p b. unfold huber_soon1. set (e := padd p [z0 -! b]).
  assert (E : forall x, ev_p x e = ev_p x p - r b) by (intros x; unfold e; rewrite (padd_ok K KR), (ev1 K KR), toR_sub, toR_zero; ring).
  destruct (at_most_soon_ok e [z0 -! d]) as [A1 B1]. destruct (at_most_soon_ok [d] e) as [A2 B2].
  destruct (at_most_soon e [z0 -! d]); [|destruct (at_most_soon [d] e)].
  - apply (soon_imp (fun x => ev_p x e <= ev_p x [z0 -! d])); [|apply A1; auto]. intros x _ L. rewrite E, (ev1 K KR), toR_sub, toR_zero in L.
    unfold huber1. destruct (Rle_dec _ _); [|exfalso; lra]. rewrite affine_ok, E, !toR_sub, !toR_mul, toR_zero, half_ok. field.
  - apply (soon_imp (fun x => ~ ev_p x e <= ev_p x [z0 -! d] /\ ev_p x [d] <= ev_p x e)); [|apply soon_and; auto]. intros x _ [L1 L2].
    rewrite E, (ev1 K KR), toR_sub, toR_zero in L1. rewrite E, (ev1 K KR) in L2. unfold huber1. destruct (Rle_dec _ _); [exfalso; lra|]. destruct (Rle_dec _ _); [|exfalso; lra].
    rewrite affine_ok, E, !toR_sub, !toR_mul, toR_zero, half_ok. field.
  - apply (soon_imp (fun x => ~ ev_p x e <= ev_p x [z0 -! d] /\ ~ ev_p x [d] <= ev_p x e)); [|apply soon_and; auto]. intros x _ [L1 L2].
    rewrite E, (ev1 K KR), toR_sub, toR_zero in L1. rewrite E, (ev1 K KR) in L2. unfold huber1. destruct (Rle_dec _ _); [exfalso; lra|]. destruct (Rle_dec _ _); [exfalso; lra|].
    rewrite (pscal_ok K KR), (pmul_ok K KR), E, half_ok. field.
Qed.
End Huber.

(* low below the label, high above it *)
Definition bent_soon1 (low high : t) (p : poly) (b : t) : poly :=
  let e := padd p [z0 -! b] in if at_most_soon e [z0] then map (mul K low) e else map (mul K high) e.
Lemma bent_soon1_ok low high p b :
  soon (fun x => (if Rle_dec (ev_p x p) (r b) then r low * (ev_p x p - r b) else r high * (ev_p x p - r b)) = ev_p x (bent_soon1 low high p b)).
Proof.
  unfold bent_soon1. set (e := padd p [z0 -! b]).
  assert (E : forall x, ev_p x e = ev_p x p - r b) by (intros x; unfold e; rewrite (padd_ok K KR), (ev1 K KR), toR_sub, toR_zero; ring).
  destruct (at_most_soon_ok e [z0]) as [A B]. destruct (at_most_soon e [z0]).
  - apply (soon_imp (fun x => ev_p x e <= ev_p x [z0])); [|apply A; auto]. intros x _ L. rewrite E, (ev1 K KR), toR_zero in L.
    destruct (Rle_dec _ _); [|exfalso; lra]. rewrite (pscal_ok K KR), E. reflexivity.
  - apply (soon_imp (fun x => ~ ev_p x e <= ev_p x [z0])); [|apply B; auto]. intros x _ L. rewrite E, (ev1 K KR), toR_zero in L.
    destruct (Rle_dec _ _); [exfalso; lra|]. rewrite (pscal_ok K KR), E. reflexivity.
Qed.
Lemma absolute_soon_ok : loss_soon (sum_soon (bent_soon1 (minus1 K) (one K))) absolute_loss.
Proof.
  intros u y. apply sum_soon_ok. intros p b. eapply soon_imp; [|apply bent_soon1_ok]. intros x _ <-. rewrite (minus1_ok K KR), toR_one. unfold absolute1, Rabs. destruct (Rle_dec _ _), (Rcase_abs _); lra.
Qed.
Lemma quantile_soon_ok tau : loss_soon (sum_soon (bent_soon1 (z0 -! tau) (one K -! tau))) (quantile_loss (r tau)).
Proof.
  intros u y. apply sum_soon_ok. intros p b. eapply soon_imp; [|apply bent_soon1_ok]. intros x _ <-. rewrite !toR_sub, toR_zero, toR_one. unfold quantile1. destruct (Rle_dec _ _); ring.
Qed.
Definition hinge_soon1 (p : poly) (b : t) : poly :=
  let e := minus [one K] (map (mul K b) p) in if at_most_soon [z0] e then e else [z0].
Lemma hinge_soon_ok : loss_soon (sum_soon hinge_soon1) hinge_loss.
Proof.
  intros u y. apply sum_soon_ok. intros p b. unfold hinge_soon1. set (e := minus [one K] (map (mul K b) p)).
  assert (E : forall x, ev_p x e = 1 - r b * ev_p x p) by (intros x; unfold e; rewrite minus_ok, (ev1 K KR), (pscal_ok K KR), toR_one; ring).
  destruct (at_most_soon_ok [z0] e) as [A B]. destruct (at_most_soon [z0] e).
  - apply (soon_imp (fun x => ev_p x [z0] <= ev_p x e)); [|apply A; auto]. intros x _ L. rewrite E, (ev1 K KR), toR_zero in L. rewrite E. unfold hinge1. apply Rmax_right. lra.
  - apply (soon_imp (fun x => ~ ev_p x [z0] <= ev_p x e)); [|apply B; auto]. intros x _ L. rewrite E, (ev1 K KR), toR_zero in L. rewrite (ev1 K KR), toR_zero. unfold hinge1. apply Rmax_left. lra.
Qed.
Fixpoint linear_soon (u : list poly) (y : list t) : poly := match u, y with p :: u', b :: y' => padd (map (mul K b) p) (linear_soon u' y') | _, _ => [] end.
Lemma linear_soon_ok : loss_soon linear_soon linear_loss.
Proof.
  intros u y. apply soon_always. intros x. cbn [value linear_loss]. revert y. induction u as [|p u IH]; intros [|b y]; try reflexivity.
  cbn [map linear_soon InteriorCheck.rv dot]. rewrite (padd_ok K KR), (pscal_ok K KR), <- IH. reflexivity.
Qed.

Definition constants (v : list t) : list poly := map (fun a => [a]) v.
Definition total_soon (lp : list poly -> list t -> poly) N (D : list (list t * list t)) (th : params poly) : poly :=
  fold_right (fun d s => padd (lp (net_soon N th (constants (fst d))) (snd d)) s) [] D.
Definition check_descent (l : list t -> list t -> t) (lp : list poly -> list t -> poly) (c : t) N D (th : params poly) : bool :=
  rises (minus [riskT K l c N D (start K th)] (map (mul K c) (total_soon lp N D th))).
Lemma total_soon_ok lp L N th : loss_soon lp L -> forall D,
  soon (fun x => total (value L) (rN KR N) (rD KR D) (at_ KR x th) = ev_p x (total_soon lp N D th)).
Proof.
  intros HL. induction D as [|d D IH]; [apply soon_always; intros x; reflexivity|].
  apply (soon_imp (fun x => (net (rN KR N) (at_ KR x th) (map (ev_p x) (constants (fst d))) = map (ev_p x) (net_soon N th (constants (fst d))) /\
     value L (map (ev_p x) (net_soon N th (constants (fst d)))) (rv (snd d)) = ev_p x (lp (net_soon N th (constants (fst d))) (snd d))) /\
     total (value L) (rN KR N) (rD KR D) (at_ KR x th) = ev_p x (total_soon lp N D th))).
  - intros x _ [[A B] C]. cbn [rD map total total_soon fold_right fst snd]. fold (rD KR D). rewrite C, (padd_ok K KR), <- B, <- A. f_equal. f_equal. f_equal.
    unfold constants. rewrite map_map. unfold InteriorCheck.rv. apply map_ext. intros a. symmetry. apply (ev1 K KR).
  - repeat apply soon_and; auto. apply net_soon_ok.
Qed.
Lemma path_near (th : params poly) e : 0 < e -> soon (fun x => close e (at_ KR 0 th) (at_ KR x th)).
Proof.
  intros He.
  assert (P1 : forall p, soon (fun x => Rabs (ev_p x p - ev_p 0 p) < e)).
  { intros [|a p]; [apply soon_always; intros x; unfold ValleyCheck.ev_p; simpl; rewrite Rminus_0_r, Rabs_R0; auto|].
    apply (soon_imp (fun x => Rabs (pev (rv (a :: p)) x - r a) < e)); [|apply (pev_near (r a) (rv p)); auto]. intros x _ H. unfold ValleyCheck.ev_p at 2. simpl. rewrite Rmult_0_l, Rplus_0_r. exact H. }
  assert (P2 : forall row, soon (fun x => close1 e (map (ev_p 0) row) (map (ev_p x) row))).
  { induction row as [|p row IH]; [apply soon_always; intros; constructor|]. apply (soon_imp _ _ (fun x _ H => Forall2_cons _ _ (proj1 H) (proj2 H)) (soon_and _ _ (P1 p) IH)). }
  assert (P3 : forall W, soon (fun x => close2 e (map (map (ev_p 0)) W) (map (map (ev_p x)) W))).
  { induction W as [|row W IH]; [apply soon_always; intros; constructor|]. apply (soon_imp _ _ (fun x _ H => Forall2_cons _ _ (proj1 H) (proj2 H)) (soon_and _ _ (P2 row) IH)). }
  induction th as [|W th IH]; [apply soon_always; intros; constructor|]. apply (soon_imp _ _ (fun x _ H => Forall2_cons _ _ (proj1 H) (proj2 H)) (soon_and _ _ (P3 W) IH)).
Qed.
Theorem check_descent_ok l lp g L c N D th : means KR l g L -> loss_soon lp L -> check_descent l lp c N D th = true ->
  ~ local_min (risk_of (value L) (r c) (rN KR N) (rD KR D)) (rp KR (start K th)).
Proof.
  intros [HV _] HL H (e & He & M). apply rises_ok in H.
  assert (S0 := at_start K KR th).
  destruct (soon_and _ _ H (soon_and _ _ (total_soon_ok lp L N th HL D) (path_near th e He))) as (e' & He' & A).
  destruct (A (e' / 2)) as (A1 & A2 & A3); [lra|]. rewrite S0 in A3. specialize (M _ A3). rewrite minus_ok, (ev1 K KR), (pscal_ok K KR), (riskT_ok K KR l (value L)) in A1 by auto.
  unfold risk_of in *. rewrite A2 in M. lra.
Qed.
End Descent.
