(* Continuous piecewise linear functions of one variable: a last kink, a piece of non-zero slope;
   some unit with a kink correlates with any given non-zero residuals. *)
Require Import Reals List Lra Lia Arith.
From Symverify Require Import Spec Losses Theorem1 InteriorMinimum LinearAlgebra.
Import ListNotations.
Open Scope R_scope.

(* the last kink: at t, slopes sm and sp *)
Definition last_kink (f : R -> R) (t sm om sp op d0 : R) : Prop :=
  0 < d0 /\ sm <> sp /\ (forall z, t <= z -> f z = sp * z + op) /\ (forall z, t - d0 <= z <= t -> f z = sm * z + om).
(* a piece of non-zero slope around z0, half-width r *)
Definition okpiece (h : act R) : Prop := exists z0 s o r, s <> 0 /\ 0 < r /\ forall z, Rabs (z - z0) < r -> ev h z = s * z + o.

Lemma plin_at (t s o : R) ps last : continuous_pieces ((t, s, o) :: ps) last -> plin ps last t = s * t + o.
Proof.
  simpl. destruct ps as [|[[t' s'] o'] ps]; simpl.
  - intros [E _]. lra.
  - intros [[L E] _]. destruct (Rle_dec t t'); lra.
Qed.
Lemma kink_dichotomy : forall ps last, continuous_pieces ps last ->
  (forall z, plin ps last z = fst last * z + snd last) \/
  exists t sm om sp op d0, last_kink (plin ps last) t sm om sp op d0 /\ match ps with [] => True | (t', _, _) :: _ => t' <= t end.
Proof.
  induction ps as [|[[t s] o] ps IH]; intros last C; [left; auto|].
  assert (E := plin_at _ _ _ _ _ C). destruct C as [C0 C]. destruct (IH last C) as [A|(t0 & sm & om & sp & op & d0 & (K1 & K2 & K3 & K4) & K5)].
  - rewrite A in E. destruct (Req_EM_T s (fst last)) as [Es|Es].
    + left. intros z. simpl. destruct (Rle_dec z t); [subst s; lra|apply A].
    + right. exists t, s, o, (fst last), (snd last), 1. split; [|lra]. split; [lra|split; [auto|split]].
      * intros z Hz. simpl. destruct (Rle_dec z t); [assert (z = t) by lra; subst; lra|apply A].
      * intros z Hz. simpl. destruct (Rle_dec z t); [auto|lra].
  - destruct ps as [|[[t' s'] o'] ps].
    + exfalso. simpl in K3, K4. apply K2. assert (A1 := K3 t0). assert (A2 := K3 (t0 + 1)). assert (A3 := K4 t0). assert (A4 := K4 (t0 - d0)).
      assert (X1 : fst last = sp) by lra. assert (X2 : fst last * d0 = sm * d0) by (assert (fst last * t0 + snd last = sm * t0 + om) by lra; assert (fst last * (t0 - d0) + snd last = sm * (t0 - d0) + om) by lra; lra).
      apply Rmult_eq_reg_r in X2; lra.
    + destruct C0 as [C0 _]. right. exists t0, sm, om, sp, op, (Rmin d0 ((t0 - t) / 2)). split; [|simpl in *; lra].
      assert (0 < t0 - t) by (simpl in *; lra). assert (M1 := Rmin_l d0 ((t0 - t) / 2)). assert (M2 := Rmin_r d0 ((t0 - t) / 2)).
      split; [apply Rmin_pos; lra|split; [auto|split]]; intros z Hz; cbn [plin]; (destruct (Rle_dec z t); [exfalso; lra|]); [apply K3|apply K4]; lra.
Qed.
Lemma kink_exists h : continuous_act h -> ~ affine_act h -> exists t sm om sp op d0, last_kink (ev h) t sm om sp op d0.
Proof.
  intros C N. destruct (kink_dichotomy _ _ C) as [A|(t & sm & om & sp & op & d0 & K & _)].
  - exfalso. apply N. exists (fst (snd h)), (snd (snd h)). exact A.
  - exists t, sm, om, sp, op, d0. exact K.
Qed.
Lemma kink_okpiece h t sm om sp op d0 : last_kink (ev h) t sm om sp op d0 -> okpiece h.
Proof.
  intros (Hd & Hk & HR & HL). destruct (Req_EM_T sp 0) as [Z|Z].
  - exists (t - d0 / 2), sm, om, (d0 / 2). split; [lra|split; [lra|]]. intros z Hz. apply Rabs_def2 in Hz. apply HL. lra.
  - exists (t + 1), sp, op, 1. split; [auto|split; [lra|]]. intros z Hz. apply Rabs_def2 in Hz. apply HR. lra.
Qed.
Lemma okpiece_exists h : continuous_act h -> ~ constant_act h -> okpiece h.
Proof.
  intros C N. destruct (kink_dichotomy _ _ C) as [A|(t & sm & om & sp & op & d0 & K & _)].
  - exists 0, (fst (snd h)), (snd (snd h)), 1. split; [|split; [lra|intros z _; apply A]].
    intros Z. apply N. exists (snd (snd h)). intros z. unfold ev. rewrite A, Z. ring.
  - exact (kink_okpiece _ _ _ _ _ _ _ K).
Qed.

(* some unit correlates with the residuals *)
Lemma kink_correlates h t sm om sp op d0 d (D : list (list R * list R)) (e : list R * list R -> R) :
  last_kink (ev h) t sm om sp op d0 -> (forall s, In s D -> length (fst s) = d) -> NoDup (map fst D) -> (exists k, In k D /\ e k <> 0) ->
  exists b w, length w = d /\ sum (fun s => e s * ev h (dot (b :: w) (1 :: fst s))) D <> 0.
Proof.
  intros (Hd0 & Hkink & Hright & Hleft) Hx ND (k0 & Hk0 & Ek0). destruct (separate d (map fst D)) as (w & Lw & Hw).
  { intros x Hin. apply in_map_iff in Hin. destruct Hin as (s & <- & Hin). auto. }
  set (z := fun s : list R * list R => dot w (fst s)).
  destruct (argmin z (filter (fun s => if Req_EM_T (e s) 0 then false else true) D)) as (k & Hk & Hmin).
  { intros E. assert (A : In k0 (filter (fun s => if Req_EM_T (e s) 0 then false else true) D)).
    { apply filter_In. split; auto. destruct (Req_EM_T (e k0) 0); [contradiction|auto]. } rewrite E in A. destruct A. }
  apply filter_In in Hk. destruct Hk as [Hk Ek]. destruct (Req_EM_T (e k) 0) as [|Ek']; [discriminate|]. clear Ek.
  assert (Inj : forall s, In s D -> z s - z k = 0 -> s = k).
  { intros s Hin E. assert (Ef : fst s = fst k) by (apply Hw; [apply in_map; auto|apply in_map; auto|unfold z in E; lra]).
    clear - ND Hin Hk Ef. induction D as [|a D0 IH]; [destruct Hin|]. simpl in ND. inversion ND; subst.
    destruct Hin as [<-|Hin], Hk as [<-|Hk]; auto.
    - exfalso. apply H1. rewrite Ef. apply in_map; auto.
    - exfalso. apply H1. rewrite <- Ef. apply in_map; auto. }
  destruct (gap (fun s => z s - z k) D) as (d1 & Hd1 & Hgap).
  set (dl := Rmin d0 d1). assert (Hdl : 0 < dl) by (apply Rmin_pos; auto).
  assert (G0 : dl <= d0) by apply Rmin_l. assert (G1 : dl <= d1) by apply Rmin_r.
  assert (NDD : NoDup D) by (eapply NoDup_map_inv; eauto).
  set (F := fun b => sum (fun s => e s * ev h (b + z s)) D).
  assert (CT : sp * t + op = sm * t + om) by (rewrite <- Hright, <- Hleft; lra).
  assert (K2 : F (t - z k + dl) + F (t - z k - dl) + (-2) * F (t - z k) = e k * (sp - sm) * dl).
  { unfold F. rewrite <- sum_scal, <- !sum_plus. rewrite (sum_single _ k); auto.
    - replace (t - z k + dl + z k) with (t + dl) by ring. replace (t - z k - dl + z k) with (t - dl) by ring. replace (t - z k + z k) with t by ring.
      rewrite (Hright (t + dl)), (Hleft (t - dl)), (Hright t) by lra. replace op with (sm * t + om - sp * t) by lra. ring.
    - intros s Hin Ne. destruct (Req_EM_T (e s) 0) as [Z|Z]; [rewrite Z; ring|].
      set (u := z s - z k). assert (Un : u <> 0) by (intros Q; apply Ne, Inj; auto).
      assert (P : z k <= z s). { apply Hmin, filter_In. split; auto. destruct (Req_EM_T (e s) 0); [contradiction|auto]. }
      specialize (Hgap s Hin Un). fold u in Hgap. assert (Pu : 0 <= u) by (unfold u; lra). rewrite Rabs_right in Hgap by lra.
      replace (t - z k + dl + z s) with (t + u + dl) by (unfold u; ring).
      replace (t - z k - dl + z s) with (t + u - dl) by (unfold u; ring). replace (t - z k + z s) with (t + u) by (unfold u; ring).
      rewrite !Hright by lra. ring. }
  assert (X : exists b, F b <> 0).
  { destruct (Req_EM_T (F (t - z k + dl)) 0) as [Z1|]; [|eauto]. destruct (Req_EM_T (F (t - z k - dl)) 0) as [Z2|]; [|eauto].
    destruct (Req_EM_T (F (t - z k)) 0) as [Z3|]; [|eauto]. exfalso. rewrite Z1, Z2, Z3 in K2.
    assert (e k * (sp - sm) * dl <> 0) by (repeat apply Rmult_integral_contrapositive_currified; auto; lra). lra. }
  destruct X as (b & Hb). exists b, w. split; auto. intros Z. apply Hb. unfold F. etransitivity; [|exact Z].
  apply sum_ext. intros s _. unfold z. simpl. rewrite Rmult_1_r. reflexivity.
Qed.

