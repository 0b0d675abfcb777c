(* The verified checkers: one boolean function for each rule, and what `true` means, in the words of Statements.v. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Bool Arith.
From Symverify Require Import Spec Losses Statements InteriorMinimum Numbers InteriorCheck LossCheck ValleyCheck Rays TreeBound FaceMinimum FaceCheck FunctionBound
  Scale Gain AffineFit Descent AdjacentCells Theorem1 Theorem1Proof Theorem1Losses Infimum Theorem1Check.
Import ListNotations.
Open Scope R_scope.

(* the same maps, as the checkers' proofs have them *)
Lemma risk_at_QR p : risk_at p = risk_of (value_of (loss_of p)) (Q2R (factor p)) (rN QR (layers p)) (rD QR (samples p)).
Proof. reflexivity. Qed.
Definition half : Q := 1 # 2.
Definition vT (l : loss_name) : list Q -> list Q -> Q := match l with Squared => sqdT Qops | Huber d => sum2T Qops (huber1T Qops half d) end.
Definition gT (l : loss_name) : list Q -> list Q -> list Q := match l with Squared => sqgT Qops | Huber d => map2 (huber1T' Qops d) end.
Definition pT (l : loss_name) : list (list Q) -> list Q -> list Q :=
  match l with Squared => sum_soon Qops (squared_soon1 Qops) | Huber d => sum_soon Qops (huber_soon1 Qops half d) end.
Definition good_loss (l : loss_name) : bool := match l with Squared => true | Huber d => ltb Qops 0%Q d end.
Lemma half_ok : toR QR half = / 2.
Proof. cbn [toR QR]. unfold Q2R, half. simpl. lra. Qed.
Lemma good_loss_ok l : good_loss l = true -> exists L, value L = value_of l /\ means QR (vT l) (gT l) L /\ loss_soon Qops QR (pT l) L /\ differentiable L 1.
Proof.
  destruct l as [|d]; intros H.
  - exists squared. split; [reflexivity|split; [apply (squared_ok Qops QR)|split; [apply (squared_soon_ok Qops QR)|apply squared_differentiable]]].
  - apply (ltb_ok QR) in H. assert (Hd : 0 < toR QR d) by (cbn [toR QR] in *; unfold Q2R at 1 in H; simpl in H; lra).
    exists (huber (toR QR d) Hd). split; [reflexivity|]. split; [apply (huber_ok Qops QR half d half_ok)|split; [apply (huber_soon_ok Qops QR half d half_ok)|apply huber_differentiable]].
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
Definition ok_spurious_valley (th : params (list Q)) (th' : params Q) : bool :=
  good_loss (loss_of p) && check_spurious_valley Qops l g (n_out p) (n_in p) c N D th th'.
Definition ok_function_bound (fits : list (list Q)) (rho : Q) : bool :=
  good_loss (loss_of p) && check_function_bound Qops l g (n_out p) c D fits rho.
Definition ok_global_function (th : params Q) (fits : list (list Q)) : bool :=
  good_loss (loss_of p) && check_global_function Qops l g (n_out p) c N D th fits.
(* what a vector proves *)
Definition gain (rho : Q) (g : list Z) : bool :=
  let y := map (fun d => hd 0%Q (snd d)) D in
  match loss_of p with Squared => gain_squared c rho y g | Huber delta => gain_huber delta c rho y g end.
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
(* one hidden layer and one output: a bound for all widths is one for each *)
Definition ok_shallow : bool := match N with [(_, a); _] => is_identity a && (n_out p =? 1)%nat | _ => false end.
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
Theorem ok_spurious_valley_sound th th' : ok_spurious_valley th th' = true -> spurious_valley p th.
Proof.
  intros H. apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & HL & _). unfold spurious_valley. rewrite risk_at_QR, <- E.
  destruct (check_spurious_valley_ok Qops QR _ _ L _ _ _ _ _ _ _ HL H) as (V1 & V2 & V3). split; auto. intros x Hx. split; [apply V1; auto|].
  etransitivity; [exact (V2 x Hx)|]. symmetry. apply V2. lra.
Qed.
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
Theorem ok_tree_bound_sound width s homog extra units G tree rho : ok_tree_bound width s homog extra units G tree rho = true -> lower_bound p width rho.
Proof.
  unfold ok_tree_bound, lower_bound. rewrite risk_at_QR. intros H. destruct N as [|[bo a] [|[bh h] [|]]]; try discriminate. destruct s as [[L al] be].
  repeat (apply andb_prop in H; let H' := fresh "C" in destruct H as [H H']). apply is_identity_ok in H. subst a.
  exists bo, bh, h. split; auto. intros out W LO LW LR. destruct (check_tree_Q_ok _ _ _ _ _ _ _ _ _ _ _ _ _ _ C0 out W LO LW LR) as (g & Hg & Lg & PG).
  rewrite forallb_forall in C. specialize (C g Hg). unfold gain in C. rewrite forallb_forall in C1.
  assert (LD : forall d, In d D -> length (snd d) = 1%nat) by (intros d Hd; apply Nat.eqb_eq, C1, Hd).
  apply Qle_bool_iff, Qle_Rle in C2. assert (Hc : 0 <= Q2R c) by (unfold Q2R at 1 in C2; simpl in C2; lra).
  set (f := fun x => hd 0 (net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] x)).
  assert (NF : forall x, net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] x = [f x]) by reflexivity.
  change (map (fun d => hd 0 (net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] (rv QR (fst d)))) D) with (map (fun d => f (rv QR (fst d))) D) in PG.
  unfold risk_of. rewrite total_sum. destruct (loss_of p) as [|delta]; cbn [value_of].
  - rewrite (sum_ext _ (fun d => sum2 (fun a b => (a - b) * (a - b)) [f (fst d)] (snd d))); [|intros d _; rewrite NF; destruct (snd d); reflexivity].
    rewrite total_gain by auto. apply (gain_squared_ok _ _ _ g); auto; rewrite !map_length; auto.
  - rewrite (sum_ext _ (fun d => sum2 (huber1 (Q2R delta)) [f (fst d)] (snd d))); [|intros d _; rewrite NF; reflexivity].
    rewrite total_gain by auto. apply (gain_huber_ok _ _ _ _ g); auto; rewrite !map_length; auto.
Qed.
Theorem ok_limit_sound width c0 us rho : ok_limit width c0 us rho = true -> approached p width rho.
Proof.
  unfold ok_limit, approached. rewrite risk_at_QR. intros H. destruct N as [|[bo a] [|[bh h] [|]]]; try discriminate.
  apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. apply is_identity_ok in H1. subst a.
  destruct (good_loss_ok _ H2) as (L & E & HL & _ & DL). exists bo, bh, h. split; [reflexivity|]. rewrite <- E.
  exact (check_limit_ok Qops QR bh bo h _ _ L _ _ _ _ _ _ _ HL DL H3).
Qed.
Theorem ok_shallow_sound width rho : ok_shallow = true -> lower_bound_any p rho -> lower_bound p width rho.
Proof.
  unfold ok_shallow. intros H B. unfold lower_bound. unfold lower_bound_any in B. destruct N as [|[bo a] [|[bh h] [|]]]; try discriminate.
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

(* Theorem 1 for logistic loss and cross-entropy. points: where the activation of each hidden layer bends; P: probabilities for each sample *)
Definition ok_theorem1 (p : problem_of log_loss) (widths : list nat) (points : list (Q * Q * Q)) (P : list (list Q)) : bool := check_theorem1 p widths points P.
Theorem ok_theorem1_sound p widths points P : ok_theorem1 p widths points P = true -> valley_at_affine_fit p widths.
Proof. apply check_theorem1_ok. Qed.
