(* The verified checkers: one boolean function for each rule, and what `true` means, in the words of Statements.v. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Bool Arith.
From Symverify Require Import Spec Losses Statements InteriorMinimum Numbers InteriorCheck LossCheck ValleyCheck Rays TreeBound FaceMinimum FaceCheck FunctionBound Minorant
  Scale Gain AffineFit Descent AdjacentCells Theorem1 Theorem1Proof Theorem1Losses Infimum Unattained Theorem1Check Enclosure SpanCheck ZeroInfimum NoMinimum FlatSpan RealInterior CellSpan.
Import ListNotations.
Open Scope R_scope.

(* the same maps, as the checkers' proofs have them *)
Lemma risk_at_QR p : risk_at p = risk_of (value_of (loss_of p)) (Q2R (factor p)) (rN QR (layers p)) (rD QR (samples p)).
Proof. reflexivity. Qed.
Definition half : Q := 1 # 2.
Definition vT (l : loss_name) : list Q -> list Q -> Q := match l with
  | Squared => sqdT Qops | Huber d => sum2T Qops (huber1T Qops half d)
  | Absolute => sum2T Qops (bent1T Qops (minus1 Qops) (one Qops)) | Quantile tau => sum2T Qops (bent1T Qops (sub Qops 0%Q tau) (sub Qops (one Qops) tau))
  | Hinge => sum2T Qops (hinge1T Qops) | Linear => linearT Qops end.
Definition gT (l : loss_name) : list Q -> list Q -> list Q := match l with
  | Squared => sqgT Qops | Huber d => map2 (huber1T' Qops d)
  | Absolute => map2 (belowT Qops (minus1 Qops) (one Qops)) | Quantile tau => map2 (belowT Qops (sub Qops 0%Q tau) (sub Qops (one Qops) tau))
  | Hinge => map2 (innerT Qops) | Linear => fun _ y => y end.
(* the slopes of the other side *)
Definition hT (l : loss_name) : list Q -> list Q -> list Q := match l with
  | Absolute => map2 (aboveT Qops (minus1 Qops) (one Qops)) | Quantile tau => map2 (aboveT Qops (sub Qops 0%Q tau) (sub Qops (one Qops) tau))
  | Hinge => map2 (outerT Qops) | _ => gT l end.
Definition pT (l : loss_name) : list (list Q) -> list Q -> list Q := match l with
  | Squared => sum_soon Qops (squared_soon1 Qops) | Huber d => sum_soon Qops (huber_soon1 Qops half d)
  | Absolute => sum_soon Qops (bent_soon1 Qops (minus1 Qops) (one Qops)) | Quantile tau => sum_soon Qops (bent_soon1 Qops (sub Qops 0%Q tau) (sub Qops (one Qops) tau))
  | Hinge => sum_soon Qops (hinge_soon1 Qops) | Linear => linear_soon Qops end.
Definition good_loss (l : loss_name) : bool := match l with Huber d => ltb Qops 0%Q d | _ => true end.
Lemma half_ok : toR QR half = / 2.
Proof. cbn [toR QR]. unfold Q2R, half. simpl. lra. Qed.
Lemma good_loss_ok l : good_loss l = true ->
  exists L, value L = value_of l /\ means QR (vT l) (gT l) L /\ loss_soon Qops QR (pT l) L /\ lipschitz_near L /\ slopes_mean Qops QR (gT l) (hT l) L.
Proof.
  destruct l as [|d| |tau| |]; intros H.
  - exists squared. assert (M := squared_ok Qops QR).
    repeat (split; [reflexivity || exact M || apply (squared_soon_ok Qops QR) || apply differentiable_lipschitz, squared_differentiable|]). exact (one_slope Qops QR _ _ _ M).
  - apply (ltb_ok QR) in H. assert (Hd : 0 < toR QR d) by (cbn [toR QR] in *; unfold Q2R at 1 in H; simpl in H; lra).
    exists (huber (toR QR d) Hd). assert (M := huber_ok Qops QR half d half_ok Hd).
    repeat (split; [reflexivity || exact M || apply (huber_soon_ok Qops QR half d half_ok) || apply differentiable_lipschitz, huber_differentiable|]). exact (one_slope Qops QR _ _ _ M).
  - exists absolute_loss. repeat (split; [reflexivity || apply (absolute_ok Qops QR) || apply (absolute_soon_ok Qops QR) || apply absolute_lipschitz|]).
    apply (by_output_slopes Qops QR) with (below (-1) 1) (above (-1) 1); [intros; rewrite (belowT_ok Qops QR), (minus1_ok Qops QR), toR_one; auto|intros; rewrite (aboveT_ok Qops QR), (minus1_ok Qops QR), toR_one; auto|apply absolute_convex].
  - exists (quantile_loss (Q2R tau)). repeat (split; [reflexivity || apply (quantile_ok Qops QR) || apply (quantile_soon_ok Qops QR) || apply quantile_lipschitz|]).
    assert (E0 : toR QR (sub Qops 0%Q tau) = - Q2R tau) by (rewrite (toR_sub QR); cbn [toR QR]; rewrite real_zero; ring).
    assert (E1 : toR QR (sub Qops (one Qops) tau) = 1 - Q2R tau) by (rewrite (toR_sub QR), (toR_one QR); reflexivity).
    apply (by_output_slopes Qops QR) with (below (- Q2R tau) (1 - Q2R tau)) (above (- Q2R tau) (1 - Q2R tau));
      [intros; rewrite (belowT_ok Qops QR), E0, E1; auto|intros; rewrite (aboveT_ok Qops QR), E0, E1; auto|apply quantile_convex].
  - exists hinge_loss. repeat (split; [reflexivity || apply (hinge_ok Qops QR) || apply (hinge_soon_ok Qops QR) || apply hinge_lipschitz|]).
    apply (by_output_slopes Qops QR) with inner outer; [|apply (outerT_ok Qops QR)|apply hinge_convex].
    intros a y. unfold innerT, inner. rewrite (leb_dec Qops QR), (toR_zero QR), (toR_sub QR), (toR_one QR), (toR_mul QR). destruct (Rle_dec _ _); [rewrite (toR_sub QR), (toR_zero QR); ring|apply (toR_zero QR)].
  - exists linear_loss. assert (M := linear_ok Qops QR).
    repeat (split; [reflexivity || exact M || apply (linear_soon_ok Qops QR) || apply linear_lipschitz|]). exact (one_slope Qops QR _ _ _ M).
Qed.
Section Rules.
Variable p : problem.
Notation N := (layers p).
Notation D := (samples p).
Notation c := (factor p).
Notation l := (vT (loss_of p)).
Notation g := (gT (loss_of p)).
Definition risk_Q (th : params Q) : Q := riskT Qops l c N D th.

Definition ok_risk (th : params Q) (rho : Q) : bool := good_loss (loss_of p) && Qeq_bool (risk_Q th) rho.
Definition predict (th : params Q) (x : list Q) : list Q := netT Qops N th x.

Definition ok_interior (th : params Q) : bool := good_loss (loss_of p) && check_interior Qops g (n_out p) (n_in p) c N D th.
Definition ok_adjacent (th : params Q) : bool := good_loss (loss_of p) && check_adjacent Qops g (n_out p) (n_in p) c N D th.
Definition ok_better (th th' : params Q) : bool := good_loss (loss_of p) && check_better Qops l c N D th th'.
(* for each unit multipliers, one for each sample, or None: by rays *)
Definition ok_face (th : params Q) (mus : list (option (list Q))) : bool :=
  match N, th with
  | [(bo, a); (bh, h)], [[out]; W] => is_identity a && good_loss (loss_of p) && check_face Qops bh bo h g shrinkQ (if bh then S (n_in p) else n_in p) c D out W mus
  | _, _ => false
  end.
Definition ok_valley (th : params (list Q)) : bool :=
  good_loss (loss_of p) && check_valley Qops g (n_out p) (n_in p) c N D th && moves Qops th.
(* no two points of the path are equal at all *)
Definition ok_steady (th : params (list Q)) : bool := steady Qops th.
Definition ok_function_bound (fits : list (list Q)) (rho : Q) : bool :=
  good_loss (loss_of p) && check_function_bound Qops l g (n_out p) c D fits rho.
Definition ok_global_function (th : params Q) (fits : list (list Q)) : bool :=
  good_loss (loss_of p) && check_global_function Qops l g (n_out p) c N D th fits.
(* what a vector proves *)
Definition gain (rho : Q) (g : list Z) : bool :=
  let y := map (fun d => hd 0%Q (snd d)) D in
  match loss_of p with
  | Squared => gain_squared c rho y g | Huber delta => gain_huber delta c rho y g
  | Absolute => gain_bent (fun _ => -1)%Q (fun _ => 1)%Q (fun _ => true) c rho y g
  | Quantile tau => gain_bent (fun _ => - tau)%Q (fun _ => 1 - tau)%Q (fun _ => true) c rho y g
  | Hinge => gain_bent hinge_low hinge_high (fun y => Qeq_bool (y * y) 1) c rho y g
  | Linear => false end.
(* scales: L, a, b of Scale.v; homog, extra, units: of TreeBound.v; G, tree: of the certificate *)
Definition ok_tree_bound (width : nat) (s : Z * Z * Z) (homog : bool) (extra : list (list Z)) (units : nat) (G : list (list Z)) (tree : list Z) (rho : Q) : bool :=
  match N, s with
  | [(bo, a); (bh, h)], (L, al, be) => is_identity a && Qle_bool 0 c && forallb (fun d => (length (snd d) =? 1)%nat) D &&
      check_tree_Q L al be h homog bh bo D G extra tree units width ((if bh then 1 else 0) + n_in p) && forallb (gain rho) G
  | _, _ => false
  end.
(* A: a proposed affine map *)
Definition ok_affine_fit (th : params Q) (A : list (list Q)) : bool :=
  good_loss (loss_of p) && check_affine Qops g (n_in p) (n_out p) N D th A.
(* units that go to infinity as their output weights go to 0: signs, u, nu of Infimum.v *)
Definition limit_risk (c0 : Q) (us : list (bool * (list Q * Q))) : Q :=
  match N with
  | [_; (bh, h)] => mul Qops c (sumT Qops (fun d => l [add Qops c0 (far_value Qops bh h us (fst d))] (snd d)) D)
  | _ => 0%Q
  end.
Definition ok_limit (width : nat) (c0 : Q) (us : list (bool * (list Q * Q))) (rho : Q) : bool :=
  match N with
  | [(bo, a); (bh, h)] => is_identity a && good_loss (loss_of p) && check_limit Qops bh bo h l c D width ((if bh then 1 else 0) + n_in p) c0 us rho
  | _ => false
  end.
(* G: each vector of the tree with the vectors that refute every set of units of its residual; fits, qs: the same for function_bound *)
Definition ok_unattained_tree (width : nat) (s : Z * Z * Z) (extra : list (list Z)) (units : nat) (G : list (list Z * list (list Z))) (tree : list Z) (rho : Q) : bool :=
  match N, s, loss_of p with
  | [(bo, a); (bh, h)], (L, al, be), Squared => is_identity a && check_unattained_tree L al be h bh bo D extra units width ((if bh then 1 else 0) + n_in p) c rho G tree
  | _, _, _ => false
  end.
Definition ok_unattained_functions (width : nat) (s : Z * Z * Z) (extra : list (list Z)) (units : nat) (fits : list Q) (qs : list (list Z)) (rho : Q) : bool :=
  match N, s, loss_of p with
  | [(bo, a); (bh, h)], (L, al, be), Squared => is_identity a && check_unattained_functions L al be h bh bo D extra units width ((if bh then 1 else 0) + n_in p) c rho fits qs
  | _, _, _ => false
  end.
(* one hidden layer and one output: a bound for all widths is one for each *)
Definition ok_shallow : bool := match N with [(_, a); _] => is_identity a && (n_out p =? 1)%nat | _ => false end.
(* where the loss has several slopes: S, one vector of slopes for each sample, and the problem with the loss <s, prediction> *)
Definition minorant_of (S : list (list Q)) : problem := Problem N (labelled D S) Linear c (n_in p) (n_out p).
Definition ok_slopes_at (fits S : list (list Q)) : bool :=
  good_loss (loss_of p) && Qle_bool 0 c && forallb (fun d => (length (snd d) =? n_out p)%nat) D && check_slopes Qops g (hT (loss_of p)) D fits S.
Definition ok_slopes (th : params Q) (S : list (list Q)) : bool := ok_slopes_at (map (fun d => predict th (fst d)) D) S.
(* the bound at given fits: theirs in the problem with the linear loss, and what is lost there *)
Definition lost (fits S : list (list Q)) : Q :=
  mul Qops c (sumT Qops (fun e => sub Qops (l (snd (fst e)) (snd (fst (fst e)))) (dotT Qops (snd e) (snd (fst e)))) (combine (combine D fits) S)).
Definition ok_lost (fits S : list (list Q)) (low rho : Q) : bool := ok_slopes_at fits S && Qle_bool rho (add Qops (lost fits S) low).
(* a point with the risk of a bound for any widths *)
Definition ok_attains (rho : Q) (th : params Q) : bool :=
  good_loss (loss_of p) && Qeq_bool rho (risk_Q th) && forallb (fun d => (length (predict th (fst d)) =? n_out p)%nat) D.
(* a curve, polynomial in t, that begins at the point *)
Definition ok_descent (curve : params (list Q)) : bool := good_loss (loss_of p) && check_descent Qops l (pT (loss_of p)) c N D curve.
(* a point with the risk of a bound *)
Definition ok_global_minimum (width : nat) (rho : Q) (th : params Q) : bool :=
  match N, th with
  | [(bo, _); (bh, _)], [[out]; W] => (length out =? (if bo then 1 else 0) + width)%nat && (length W =? width)%nat &&
      forallb (fun row => (length row =? (if bh then 1 else 0) + n_in p)%nat) W && good_loss (loss_of p) && Qeq_bool rho (risk_Q th)
  | _, _ => false
  end.

Theorem risk_Q_ok th : good_loss (loss_of p) = true -> Q2R (risk_Q th) = risk_at p (real th).
Proof. intros H. destruct (good_loss_ok _ H) as (L & E & HL & _). rewrite risk_at_QR, <- E. apply (riskT_ok Qops QR), HL. Qed.
Theorem ok_risk_sound th rho : ok_risk th rho = true -> risk_at p (real th) = Q2R rho.
Proof. intros H. apply andb_prop in H. destruct H as [H1 H]. rewrite <- risk_Q_ok by auto. apply Qeq_eqR, Qeq_bool_eq, H. Qed.
Theorem predict_ok th x : rv QR (predict th x) = net (rN QR N) (real th) (rv QR x).
Proof. apply (netT_ok Qops QR). Qed.
Theorem ok_interior_sound th : ok_interior th = true -> local_min (risk_at p) (real th).
Proof.
  intros H. apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & HL & _). rewrite risk_at_QR, <- E.
  eapply (check_interior_ok Qops QR); eauto.
Qed.
Theorem ok_adjacent_sound th : ok_adjacent th = true -> local_min (risk_at p) (real th).
Proof.
  intros H. apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & HL & _). rewrite risk_at_QR, <- E.
  eapply (check_adjacent_ok Qops QR); eauto.
Qed.
Theorem ok_better_sound th th' : ok_better th th' = true -> local_min (risk_at p) (real th) -> spurious_min (risk_at p) (real th).
Proof.
  intros H HM. split; auto. apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & HL & _). rewrite risk_at_QR, <- E.
  exists (real th'). eapply (check_better_ok Qops QR); eauto. apply HL.
Qed.
Theorem ok_face_sound th mus : ok_face th mus = true -> local_min (risk_at p) (real th).
Proof.
  unfold ok_face. rewrite risk_at_QR. intros H. destruct N as [|[bo a] [|[bh h] [|]]]; try discriminate. destruct th as [|[|out [|]] [|W [|]]]; try discriminate.
  apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. apply is_identity_ok in H1. subst a.
  destruct (good_loss_ok _ H2) as (L & E & HL & _). rewrite <- E. exact (check_face_ok Qops QR _ _ _ _ shrinkQ shrinkQ_ok _ L _ _ _ _ _ _ HL H3).
Qed.
Theorem ok_valley_sound th : ok_valley th = true -> valley p th.
Proof.
  intros H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & HL & _). unfold valley. rewrite risk_at_QR, <- E.
  split; [|apply (moves_ok Qops QR); auto]. intros x Hx. assert (V := check_valley_ok Qops QR _ _ L _ _ _ _ _ _ HL H).
  destruct (V x Hx) as [V1 V2]. split; auto. etransitivity; [exact V2|]. symmetry. apply V. lra.
Qed.
Theorem ok_steady_sound th : ok_steady th = true -> forall x x', path_at x th = path_at x' th -> x = x'.
Proof. apply (steady_ok Qops QR). Qed.
Theorem ok_global_function_sound th fits : ok_global_function th fits = true -> global_min (risk_at p) (real th).
Proof.
  intros H. apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & HL & _). rewrite risk_at_QR, <- E.
  eapply (check_global_function_ok Qops QR); eauto.
Qed.
Theorem ok_function_bound_sound fits rho : ok_function_bound fits rho = true -> lower_bound_any p rho.
Proof.
  intros H th HT. apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & HL & _). rewrite risk_at_QR, <- E.
  exact (check_function_bound_ok Qops QR _ _ L _ _ _ _ _ HL H _ _ HT).
Qed.
Lemma total_gain phi (f : list R -> R) : (forall d, In d D -> length (snd d) = 1%nat) ->
  sum (fun d => sum2 phi [f (fst d)] (snd d)) (rD QR D) = sum2 phi (map (fun d => f (rv QR (fst d))) D) (rv QR (map (fun d => hd 0%Q (snd d)) D)).
Proof.
  unfold rD. rewrite sum_map. cbn [fst snd]. induction D as [|d D' IH]; intros H; [reflexivity|]. cbn [sum map]. rewrite IH by (intros; apply H; right; auto).
  assert (L := H d (or_introl eq_refl)). destruct d as [x [|y [|]]]; try discriminate L. exact (f_equal2 Rplus (Rplus_0_r (phi (f (rv QR x)) (Q2R y))) eq_refl).
Qed.
(* predictions f, one for each sample, that are not above 0 in the direction of the vector *)
Lemma gain_sound rho g (f : list R -> R) : forallb (fun d => (length (snd d) =? 1)%nat) D = true -> 0 <= Q2R c -> length g = length D -> gain rho g = true ->
  dot (rv ZR g) (map (fun d => f (rv QR (fst d))) D) <= 0 -> Q2R rho <= Q2R c * sum (fun d => value_of (loss_of p) [f (fst d)] (snd d)) (rD QR D).
Proof.
  intros C1 Hc Lg C PG. unfold gain in C. rewrite forallb_forall in C1.
  assert (LD : forall d, In d D -> length (snd d) = 1%nat) by (intros d Hd; apply Nat.eqb_eq, C1, Hd).
  assert (LG : length g = length (map (fun d => f (rv QR (fst d))) D)) by (rewrite map_length; auto).
  assert (LF : length (map (fun d => f (rv QR (fst d))) D) = length (map (fun d : list Q * list Q => hd 0%Q (snd d)) D)) by (rewrite !map_length; auto).
  destruct (loss_of p) as [|delta| |tau| |]; cbn [value_of]; try discriminate C.
  - rewrite (sum_ext _ (fun d => sum2 (fun a b => (a - b) * (a - b)) [f (fst d)] (snd d))); [|intros d _; destruct (snd d); reflexivity].
    rewrite total_gain by auto. apply (gain_squared_ok _ _ _ g); auto.
  - rewrite total_gain by auto. apply (gain_huber_ok _ _ _ _ g); auto.
  - rewrite total_gain by auto. eapply (gain_bent_ok _ _ _ _ _ _ _ g); eauto. apply absolute_ends.
  - rewrite total_gain by auto. eapply (gain_bent_ok _ _ _ _ _ _ _ g); eauto. apply quantile_ends.
  - rewrite total_gain by auto. eapply (gain_bent_ok _ _ _ _ _ _ _ g); eauto. apply hinge_ends.
Qed.
Theorem ok_tree_bound_sound width s homog extra units G tree rho : ok_tree_bound width s homog extra units G tree rho = true -> lower_bound p width rho.
Proof.
  unfold ok_tree_bound, lower_bound, bounded_below. rewrite risk_at_QR. intros H. destruct N as [|[bo a] [|[bh h] [|]]]; try discriminate. destruct s as [[L al] be].
  repeat (apply andb_prop in H; let H' := fresh "C" in destruct H as [H H']). apply is_identity_ok in H. subst a.
  exists bo, bh, h. split; auto. intros out W LO LW LR. destruct (check_tree_Q_ok _ _ _ _ _ _ _ _ _ _ _ _ _ _ C0 out W LO LW LR) as (g & Hg & Lg & PG).
  rewrite forallb_forall in C. specialize (C g Hg). apply Qle_bool_iff, Qle_Rle in C2. rewrite real_zero in C2. unfold risk_of. rewrite total_sum.
  exact (gain_sound rho g (fun x => hd 0 (net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] x)) C1 C2 Lg C PG).
Qed.
Theorem ok_limit_sound width c0 us rho : ok_limit width c0 us rho = true -> approached p width rho.
Proof.
  unfold ok_limit, approached. rewrite risk_at_QR. intros H. destruct N as [|[bo a] [|[bh h] [|]]]; try discriminate.
  apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. apply is_identity_ok in H1. subst a.
  destruct (good_loss_ok _ H2) as (L & E & HL & _ & DL & _). exists bo, bh, h. split; [reflexivity|]. rewrite <- E.
  exact (check_limit_ok Qops QR bh bo h _ _ L _ _ _ _ _ _ _ HL DL H3).
Qed.
Theorem ok_unattained_tree_sound width s extra units G tree rho : ok_unattained_tree width s extra units G tree rho = true -> unattained p width rho.
Proof.
  unfold ok_unattained_tree, unattained. rewrite risk_at_QR. intros H. destruct N as [|[bo a] [|[bh h] [|]]]; try discriminate. destruct s as [[L al] be].
  destruct (loss_of p); try discriminate. apply andb_prop in H. destruct H as [H1 H]. apply is_identity_ok in H1. subst a. exists bo, bh, h. split; [reflexivity|].
  intros out W LO LW LR. exact (check_unattained_tree_ok L al be h bh bo D extra units width _ c rho G tree H out W (conj LO (conj LW LR))).
Qed.
Theorem ok_unattained_functions_sound width s extra units fits qs rho : ok_unattained_functions width s extra units fits qs rho = true -> unattained p width rho.
Proof.
  unfold ok_unattained_functions, unattained. rewrite risk_at_QR. intros H. destruct N as [|[bo a] [|[bh h] [|]]]; try discriminate. destruct s as [[L al] be].
  destruct (loss_of p); try discriminate. apply andb_prop in H. destruct H as [H1 H]. apply is_identity_ok in H1. subst a. exists bo, bh, h. split; [reflexivity|].
  intros out W LO LW LR. exact (check_unattained_functions_ok L al be h bh bo D extra units width _ c rho fits qs H out W (conj LO (conj LW LR))).
Qed.
Theorem ok_shallow_sound width rho : ok_shallow = true -> lower_bound_any p rho -> lower_bound p width rho.
Proof.
  unfold ok_shallow. intros H B. unfold lower_bound, bounded_below. unfold lower_bound_any in B. destruct N as [|[bo a] [|[bh h] [|]]]; try discriminate.
  apply andb_prop in H. destruct H as [H1 H2]. apply is_identity_ok in H1. subst a. apply Nat.eqb_eq in H2. exists bo, bh, h. split; [reflexivity|].
  intros out W _ _ _. apply B. intros d _. rewrite H2. reflexivity.
Qed.
Theorem ok_affine_fit_sound th A : ok_affine_fit th A = true -> affine_fit p th.
Proof.
  intros H. apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & HL & _). unfold affine_fit. rewrite <- E.
  eapply (check_affine_ok Qops QR); eauto.
Qed.
Theorem path_start curve : path_at 0 curve = real (start Qops curve).
Proof. apply (at_start Qops QR). Qed.
Theorem ok_descent_sound curve : ok_descent curve = true -> ~ local_min (risk_at p) (path_at 0 curve).
Proof.
  intros H. apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & HL & HS & _). rewrite risk_at_QR, <- E. change (path_at 0 curve) with (at_ QR 0 curve).
  rewrite (at_start Qops QR). eapply (check_descent_ok Qops QR); eauto.
Qed.
Theorem ok_global_minimum_sound width rho th : lower_bound p width rho -> ok_global_minimum width rho th = true -> global_min (risk_at p) (real th).
Proof.
  intros (bo & bh & h & EN & HB) H th' HS. unfold ok_global_minimum in H. rewrite EN in H. destruct th as [|[|out [|]] [|W [|]]]; try discriminate.
  apply andb_prop in H. destruct H as [H H5]. apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  apply Nat.eqb_eq in H1, H2. rewrite forallb_forall in H3. apply Qeq_bool_eq, Qeq_eqR in H5.
  destruct (two_layers_shape out W ((if bh then 1 else 0) + n_in p) th' HS) as (out' & W' & -> & L1 & L2 & L3); [intros; apply Nat.eqb_eq, H3; auto|].
  rewrite <- (risk_Q_ok [[out]; W] H4), <- H5. apply HB; auto; congruence.
Qed.
End Rules.

Section Minorants.
Variable p : problem.
Notation N := (layers p).
Notation D := (samples p).
Notation c := (factor p).
Notation l := (vT (loss_of p)).
Notation g := (gT (loss_of p)).
Notation predict := (predict p).
Notation minorant_of := (minorant_of p).
Notation ok_slopes := (ok_slopes p).
Notation ok_slopes_at := (ok_slopes_at p).
Notation lost := (lost p).
Notation ok_lost := (ok_lost p).
Lemma support_ok fits S : ok_slopes_at fits S = true -> exists L, value L = value_of (loss_of p) /\ 0 <= Q2R c /\
  (forall d, In d (rD QR D) -> length (snd d) = n_out p) /\ all_support L (rD QR D) (map (rv QR) fits) (map (rv QR) S) /\ means QR l g L.
Proof.
  intros H. unfold Main.ok_slopes_at in H. apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  destruct (good_loss_ok _ H1) as (L & E & HL & _ & _ & SM). exists L. split; auto. apply Qle_bool_iff, Qle_Rle in H2. rewrite real_zero in H2. split; auto. rewrite forallb_forall in H3.
  split; [|split; auto]. { intros d Hd. unfold rD in Hd. apply in_map_iff in Hd. destruct Hd as (d0 & <- & Hd). cbn [snd]. unfold rv. rewrite map_length. apply Nat.eqb_eq, H3. auto. }
  exact (check_slopes_ok Qops QR _ _ L _ _ _ SM H4).
Qed.
Lemma predictions_ok th : map (rv QR) (map (fun d => predict th (fst d)) D) = map (fun d => net (rN QR N) (real th) (fst d)) (rD QR D).
Proof. unfold rD. rewrite !map_map. apply map_ext. intros d. cbn [fst]. apply predict_ok. Qed.
Lemma risk_minorant S th : risk_at (minorant_of S) th = risk_of (value linear_loss) (Q2R c) (rN QR N) (labelled (rD QR D) (map (rv QR) S)) th.
Proof. rewrite risk_at_QR. unfold minorant_of. cbn [loss_of factor layers samples]. rewrite (labelled_ok Qops QR). reflexivity. Qed.
Theorem ok_slopes_local th S : ok_slopes th S = true -> local_min (risk_at (minorant_of S)) (real th) -> local_min (risk_at p) (real th).
Proof.
  intros H (e & He & M). destruct (support_ok _ _ H) as (L & E & Hc & _ & A & _). rewrite risk_at_QR, <- E. apply (minorant_local L _ _ _ (map (rv QR) S) Hc); [rewrite <- predictions_ok; exact A|].
  exists e. split; auto. intros th' C. rewrite <- !risk_minorant. auto.
Qed.
Theorem ok_slopes_global th S : ok_slopes th S = true -> global_min (risk_at (minorant_of S)) (real th) -> global_min (risk_at p) (real th).
Proof.
  intros H M. destruct (support_ok _ _ H) as (L & E & Hc & _ & A & _). rewrite risk_at_QR, <- E. apply (minorant_global L _ _ _ (map (rv QR) S) Hc); [rewrite <- predictions_ok; exact A|].
  intros th' SH. rewrite <- !risk_minorant. auto.
Qed.
Theorem ok_slopes_fit th S : ok_slopes th S = true -> affine_fit (minorant_of S) th -> affine_fit p th.
Proof.
  intros H M. destruct (support_ok _ _ H) as (L & E & _ & LY & A & _). unfold affine_fit in *. rewrite <- E. apply (minorant_affine L _ _ _ _ _ (map (rv QR) S)); [|exact LY|].
  - change (real_samples D) with (rD QR D). change (real_layers N) with (rN QR N). rewrite <- predictions_ok. exact A.
  - change (real_samples D) with (rD QR D). rewrite <- (labelled_ok Qops QR). exact M.
Qed.
Theorem ok_slopes_valley path S : ok_slopes (start Qops path) S = true -> ok_valley (minorant_of S) path = true -> valley p path.
Proof.
  intros H V. destruct (support_ok _ _ H) as (L & E & Hc & _ & A & HL). apply andb_prop in V. destruct V as [V V3].
  assert (CV := check_valley_ok Qops QR _ _ linear_loss _ _ _ _ _ _ (linear_ok Qops QR) V). assert (SP := same_predictions Qops QR _ _ _ _ _ _ _ V).
  assert (IN : forall d, In d (rD QR D) -> forall x, 0 <= x <= 1 -> net (rN QR N) (path_at x path) (fst d) = net (rN QR N) (real (start Qops path)) (fst d)).
  { intros d Hd x Hx. unfold rD in Hd. apply in_map_iff in Hd. destruct Hd as (d0 & <- & Hd). cbn [fst]. destruct A as (_ & LS & _). unfold rD in LS. rewrite !map_length in LS. destruct (in_labelled D S d0 LS Hd) as (s & Hs & Q).
    exact (eq_ind _ (fun u => net (rN QR N) (path_at x path) (rv QR u) = net (rN QR N) (real (start Qops path)) (rv QR u)) (SP x s Hx Hs) _ Q). }
  assert (RE : forall x, 0 <= x <= 1 -> risk_at p (path_at x path) = risk_at p (real (start Qops path))).
  { intros x Hx. rewrite risk_at_QR. unfold risk_of. f_equal. rewrite !total_sum. apply sum_ext. intros d Hd. rewrite (IN d Hd x Hx). reflexivity. }
  split; [|apply (moves_ok Qops QR); auto]. intros x Hx. split; [|rewrite (RE x Hx), (RE 0 ltac:(lra)); reflexivity].
  rewrite risk_at_QR, <- E. apply (minorant_local L _ _ _ (map (rv QR) S) Hc).
  - rewrite (map_ext_in _ (fun d => net (rN QR N) (real (start Qops path)) (fst d))) by (intros d Hd; apply IN; auto). rewrite <- predictions_ok. exact A.
  - destruct (CV x Hx) as [M _]. rewrite <- (labelled_ok Qops QR). exact M.
Qed.
Theorem ok_lost_sound fits S low rho : ok_lost fits S low rho = true -> lower_bound_any (minorant_of S) low -> lower_bound_any p rho.
Proof.
  intros H B th HT. unfold Main.ok_lost in H. apply andb_prop in H. destruct H as [H1 H2]. destruct (support_ok _ _ H1) as (L & E & Hc & LY & A & [HV _]). rewrite risk_at_QR, <- E.
  apply Qle_bool_iff, Qle_Rle in H2. apply Rle_trans with (1 := H2). change Q2R with (toR QR). rewrite (toR_add QR). unfold Main.lost. rewrite (toR_mul QR), (sumT_ok Qops QR).
  assert (HT' : forall d, In d (rD QR D) -> length (net (rN QR N) th (fst d)) = length (snd d)).
  { intros d Hd. rewrite (LY d Hd). unfold rD in Hd. apply in_map_iff in Hd. destruct Hd as (d0 & <- & Hd). apply HT. auto. }
  apply Rle_trans with (2 := minorant L (Q2R c) (rN QR N) (rD QR D) (map (rv QR) fits) (map (rv QR) S) Hc A th HT'). apply Rplus_le_compat.
  - right. f_equal. clear - HV. unfold rD. generalize fits S. induction D as [|d D' IH]; intros [|u U] [|s SS]; try reflexivity; try (destruct (combine (map _ _) _); reflexivity).
    cbn [map combine sum fst snd]. rewrite <- (IH U SS), (toR_sub QR), HV, (dotT_ok Qops QR). reflexivity.
  - rewrite <- risk_minorant. apply B. intros d Hd. destruct (labelled_in _ _ _ Hd) as (d0 & I & Q).
    exact (eq_ind _ (fun u => length (net (rN QR N) th (rv QR u)) = n_out p) (HT d0 I) _ Q).
Qed.
Theorem ok_attains_sound rho th : lower_bound_any p rho -> ok_attains p rho th = true -> global_min (risk_at p) (real th).
Proof.
  intros B H th' SH. unfold ok_attains in H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. rewrite forallb_forall in H3.
  apply Qeq_bool_eq, Qeq_eqR in H2. rewrite <- (risk_Q_ok p th H1), <- H2. apply B. intros d Hd. etransitivity; [symmetry; apply (net_length _ _ _ _ SH)|].
  change (real_layers N) with (rN QR N). change (real_vector (fst d)) with (rv QR (fst d)). rewrite <- predict_ok. unfold rv. rewrite map_length. apply Nat.eqb_eq, H3, Hd.
Qed.
(* a better point makes all points of a valley spurious *)
Theorem ok_better_valley path th' : valley p path -> ok_better p (start Qops path) th' = true -> spurious_valley p path.
Proof.
  intros [V M] H. split; auto. apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & HL & _).
  destruct (check_better_ok Qops QR _ _ _ _ _ _ _ (proj1 HL) H) as [B1 B2]. intros x Hx. destruct (V x Hx) as [V1 V2]. split; auto. split; auto.
  exists (real th'). split; [apply (shape_along Qops QR); exact B1|]. rewrite V2. change (path_at 0 path) with (at_ QR 0 path). rewrite (at_start Qops QR), risk_at_QR, <- E. exact B2.
Qed.
End Minorants.

(* Theorem 1 for logistic loss and cross-entropy. points: where the activation of each hidden layer bends; P: probabilities for each sample *)
Definition ok_theorem1 (p : problem_of log_loss) (widths : list nat) (points : list (Q * Q * Q)) (P : list (list Q)) : bool := check_theorem1 p widths points P.
Theorem ok_theorem1_sound p widths points P : ok_theorem1 p widths points P = true -> valley_at_affine_fit p widths.
Proof. apply check_theorem1_ok. Qed.
(* Risks under these losses, from rational numbers (logarithms and exponentials in the loss) on the right side of each; places: binary
   ones, with which exp is computed. *)
Definition ok_log_risk (places : BinNums.positive) (p : problem_of log_loss) (th : params Q) (below above : list (list Q)) (low high : Q) : bool :=
  risk_at_least places p (fits_of p th) below low && risk_at_most places p (fits_of p th) above high.
Theorem ok_log_risk_sound places p th below above low high : ok_log_risk places p th below above low high = true -> risk_between p th low high.
Proof.
  intros H. apply andb_prop in H. destruct H as [H1 H2]. unfold risk_between. rewrite log_risk_sum.
  split; [apply (risk_at_least_ok places p _ below _ _ H1 (fits_of_ok p th))|apply (risk_at_most_ok places p _ above _ _ H2 (fits_of_ok p th))].
Qed.
(* Theorem 1 without its assumptions on the data: the minima exist; with a better point they are spurious. P: probabilities or rates for each
   sample; logs: above the logarithms of their entropies; near: rows of an affine map, nearby: numbers for its risk *)
Definition ok_span := check_span.
Theorem ok_span_sound places p widths points P logs near nearby low high : ok_span places p widths points P logs near nearby low high = true -> minima_at_affine_fit p widths low high.
Proof. apply check_span_ok. Qed.
Definition ok_log_better := check_log_better.
Theorem ok_log_better_sound places p widths th above low high better : ok_log_better places p widths th above low better = true ->
  minima_at_affine_fit p widths low high -> spurious_minima_at_affine_fit p widths low high.
Proof. apply check_log_better_ok. Qed.
(* G: for each vector its scale, and for each sample numbers above the logarithms *)
Definition ok_log_tree := check_log_tree.
Theorem ok_log_tree_sound places p width s homog extra units G tree rho : ok_log_tree places p width s homog extra units G tree rho = true -> log_lower_bound p width rho.
Proof. apply check_log_tree_ok. Qed.
(* a point that predicts every label, all of them hard, with a margin *)
Definition ok_zero_infimum := check_zero_infimum.
Theorem ok_zero_infimum_sound p th : ok_zero_infimum p th = true -> zero_infimum p th.
Proof. apply check_zero_infimum_ok. Qed.
(* P, logs: as for the span; dir: an affine map along which no loss grows and one falls for ever; near, nearby: where it begins *)
Definition ok_no_minimum := check_no_minimum.
Theorem ok_no_minimum_sound places p P logs dir near nearby low high : ok_no_minimum places p P logs dir near nearby low high = true -> no_best_affine_map p low high.
Proof. apply check_no_minimum_ok. Qed.
(* the minima that predict the best constants. below: hidden layers, one of them on flat pieces; mean: of the labels; the rest as for the span *)
Definition ok_constants := check_flat.
Theorem ok_constants_sound places p widths below mean P logs near nearby low high : ok_constants places p widths below mean P logs near nearby low high = true -> minima_at_constants p widths low high.
Proof. apply check_flat_ok. Qed.
Theorem ok_better_constants places p widths th above low high better : ok_log_better places p widths th above low better = true ->
  minima_at_constants p widths low high -> spurious_minima_at_constants p widths low high.
Proof. apply flat_better. Qed.
(* a point strictly inside a cell, under logistic or Poisson loss *)
Definition ok_log_interior := check_real_interior.
Theorem ok_log_interior_sound p th : ok_log_interior p th = true -> local_min (log_risk p) (real th).
Proof. apply check_real_interior_ok. Qed.
(* a point of lower risk; low: of the first, high: of the second *)
Definition ok_apart (th th' : params Q) (low high : Q) : bool := shapeT Qops th th' && ltb Qops high low.
Theorem ok_apart_sound p th th' low high low' high' : ok_apart th th' low high' = true -> risk_between p th low high -> risk_between p th' low' high' ->
  local_min (log_risk p) (real th) -> spurious_min (log_risk p) (real th).
Proof.
  intros H [R _] [_ R'] M. apply andb_prop in H. destruct H as [H1 H2]. apply (ltb_ok QR) in H2. cbn [toR QR] in H2. split; auto. exists (real th'). split; [apply (shapeT_ok Qops QR); exact H1|lra].
Qed.
(* span_minimum at a point's cell. unit, direction: whose weights move along the minima, and how; change: what the last layer's rows lose; rows: a
   left inverse of what enters the last layer, one row for each sample; P, logs: as for the span, of what enters the last layer; from, back:
   between this and the inputs, where the cell's predictions are the affine maps *)
Definition ok_cell_span := check_cell.
Theorem ok_cell_span_sound places p th unit direction change rows P logs low low' high : ok_cell_span places p th unit direction change rows P logs low = true -> risk_between p th low' high ->
  many_minima local_min p th low high anywhere.
Proof. intros H [_ R]. exact (check_cell_ok places p th unit direction change rows P logs low high H R). Qed.
Definition ok_cell_affine := check_cell_affine.
Theorem ok_cell_affine_sound places p th unit direction change rows P logs low low' high from back : ok_cell_affine places p th unit direction change rows P logs low from back = true ->
  risk_between p th low' high -> many_minima local_min p th low high (at_affine_fit p).
Proof. intros H [_ R]. exact (check_cell_affine_ok places p th unit direction change rows P logs low high from back H R). Qed.
Theorem ok_apart_many p th th' low high low' high' property : ok_apart th th' low high' = true -> risk_between p th' low' high' ->
  many_minima local_min p th low high property -> many_minima spurious_min p th low high property.
Proof. exact (many_spurious p th th' low high low' high' property). Qed.
