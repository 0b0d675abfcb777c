(* The verified checkers for general programs: one boolean function for each rule, and what `true` means, in the words of Programs.v. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Bool Arith.
From Symverify Require Import Spec Losses Statements InteriorMinimum LinearAlgebra Numbers InteriorCheck LossCheck ValleyCheck FunctionBound Minorant Gain Descent TreeBound Scale Programs ProgramCheck ProgramAffine ProgramAdjacent ProgramDescent ProgramTree FlatPoint Main.
Import ListNotations.
Open Scope R_scope.

Section Rules.
Variable p : program.
Notation P := (nodes p).
Notation outs := (outputs p).
(* the samples, all inputs over one denominator *)
Definition denominator (V : list (list Q)) : Z := fold_left (fun m v => fold_left (fun m x => common_multiple m (Zpos (Qden x))) v m) V 1%Z.
Definition aligned : list (list Q * list Q) := let m := denominator (map fst (data p)) in map (fun d => (map (over m) (fst d), snd d)) (data p).
Notation D := aligned.
Notation c := (scale p).
Notation l := (vT (loss p)).
Notation g := (gT (loss p)).
Notation h := (hT (loss p)).
Definition free_Q (th : params Q) : list Q := align (concat (concat th)).
Definition program_predict (th : params Q) (x : list Q) : list Q := predictsT Qops P outs (free_Q th) x.
Definition predictions (th : params Q) : list (list Q) := let v := free_Q th in map (fun d => predictsT Qops P outs v (fst d)) D.
Definition program_risk_Q (th : params Q) : Q := let v := free_Q th in let fit d := predictsT Qops P outs v (fst d) in
  mul Qops c (match loss p with Squared => products Qops (flat_map (fun d => residual_pairs Qops (fit d) (snd d)) D) | _ => sumT Qops (fun d => l (fit d) (snd d)) D end).
Definition slopes_at_fits (fits S : list (list Q)) : bool := good_loss (loss p) && Qle_bool 0 c && check_slopes Qops g h D fits S.

Definition ok_program_risk (th : params Q) (rho : Q) : bool := good_loss (loss p) && Qeq_bool (program_risk_Q th) rho.
(* S: one vector of slopes of the loss for each sample; None for its derivatives *)
Definition program_minorant (th : params Q) (given : option (list (list Q))) : option (list (list Q)) :=
  let fits := predictions th in let S := match given with Some M => M | None => map (fun e => g (snd e) (snd (fst e))) (combine D fits) end in
  if slopes_at_fits fits S then Some S else None.
Definition ok_program_interior (th : params Q) (given : option (list (list Q))) : bool :=
  match program_minorant th given with Some M => let v := free_Q th in check_flat Qops (piece_at Qops v) P outs D M | None => false end.
(* the same and the risk at once, for squared loss; near: a number, or a little more or less, with few digits *)
Definition near (more : Z) (x : Q) : Q := let k := (Z.log2 (Zpos (Qden x)) - 30)%Z in (Z.shiftr (Qnum x) (k - 10) / Z.shiftr (Zpos (Qden x)) k + more) # 1024.
Definition all_aligned : list (list Q * list Q) := let m := denominator (flat_map (fun d => [fst d; snd d]) (data p)) in map (fun d => (map (over m) (fst d), map (over m) (snd d))) (data p).
Definition ok_program_flat (th : params Q) (rho : Q) : bool :=
  let v := free_Q th in
  match loss p with
  | Squared => match flat_sum Qops v (map (near (-1)) v) (map (near 2) v) (over (Zpos (Qden (hd 0%Q v))) 1) P outs all_aligned with
      | Some z => let risk := mul Qops (mul Qops half c) z in Qle_bool 0 c && eqb Qops risk (over (Zpos (Qden risk)) rho)
      | None => false end
  | _ => false end.
(* on breakpoints, too *)
Definition ok_program_adjacent (th : params Q) (given : option (list (list Q))) : bool :=
  match program_minorant th given with Some M => let v := free_Q th in check_around Qops v P outs D M | None => false end.
(* whether these are slopes of the loss; whether the point is strictly inside a cell *)
Definition program_supports (th : params Q) (S : list (list Q)) : bool := slopes_at_fits (predictions th) S.
Definition program_inside (th : params Q) : bool := match traced Qops (piece_at Qops (free_Q th)) P outs D with Some _ => true | None => false end.
(* the point better, whose risks are rho and rho' *)
Definition ok_program_better (th th' : params Q) (rho rho' : Q) : bool := shapeT Qops th th' && ltb Qops rho' rho.
Definition ok_program_valley (path : params (list Q)) (given : option (list (list Q))) : bool :=
  match program_minorant (start Qops path) given with
  | Some M => let v := concat (concat path) in check_flat Qops (piece_along Qops v) P outs D M && still Qops v P outs D && moves Qops path
  | None => false end.
(* fits: one vector for each sample *)
Definition ok_program_bound (fits S : list (list Q)) (rho : Q) : bool :=
  slopes_at_fits fits S && forallb (fun d => (length (snd d) =? length outs)%nat) D && cancel Qops (length outs) D S &&
  Qle_bool rho (mul Qops c (conjugate Qops l D fits S)).

(* one output, a sum of inputs and of units with this activation; biased: whether they have biases; the rest as in ok_tree_bound *)
Definition gained (rho : Q) (g : list Z) : bool := gain (Problem [] (data p) (loss p) c 0 1) rho g.
Definition ok_program_tree (act : act Q) (biased : bool) (s : Z * Z * Z) (homog : bool) (extra : list (list Z)) (G : list (list Z)) (tree : list Z) (rho : Q) : bool :=
  let '(L, a, b) := s in let E := data p in let n := length E in let d := length (fst (hd ([], []) E)) in let '(A, m) := shapes Qops act biased d P in
  match outs with
  | [k] => match nth k A None with
      | Some u => Qle_bool 0 c && forallb (fun e => (length (fst e) =? d)%nat) E && forallb (fun e => (length (snd e) =? 1)%nat) E &&
          forallb (fun g => (length g =? n)%nat && orthogonal d E u g && gained rho g) G &&
          check_signed L a b act homog biased E G extra tree (signs_of Qops n (map (fun j => nth (S d + j) u (nothing Qops)) (seq 0 m))) (n_row biased d)
      | None => false end
  | _ => false end.

(* the piece of every activation is one for all samples, of which each has as many coordinates as the first *)
Definition ok_program_linear (th : params Q) : bool :=
  let d := length (fst (hd ([], []) D)) in let v := free_Q th in forallb (fun s => (length (fst s) =? d)%nat) D && check_linear Qops (piece_at Qops v) P D.
(* A: a proposed affine map *)
Definition ok_program_affine (th : params Q) (given : option (list (list Q))) (A : list (list Q)) : bool :=
  match program_minorant th given with Some M => check_best_affine Qops (length outs) (length (fst (hd ([], []) D))) D (predictions th) M A | None => false end.
(* a curve, polynomial in t, that begins at the point *)
Definition ok_program_descent (curve : params (list Q)) : bool :=
  good_loss (loss p) && falls Qops (pT (loss p)) c P outs D (concat (concat curve)) (program_risk_Q (start Qops curve)).

Lemma aligned_ok : rD QR D = real_samples (data p).
Proof.
  unfold aligned, rD, real_samples. cbv zeta. rewrite map_map. apply map_ext. intros d. cbn [fst snd]. f_equal. unfold rv, real_vector. rewrite map_map. apply map_ext. intros x. apply over_ok.
Qed.
Lemma free_real th : free (real th) = rv QR (free_Q th).
Proof. unfold free, free_Q, rv. etransitivity; [|symmetry; apply align_ok]. etransitivity; [|symmetry; apply concat_map]. f_equal. symmetry. apply (concat_map real_vector). Qed.
Lemma free_along x path : free (path_at x path) = map (ev_p Qops QR x) (concat (concat path)).
Proof. unfold free. etransitivity; [|symmetry; apply concat_map]. f_equal. symmetry. apply (concat_map (map (ev_p Qops QR x))). Qed.
Lemma predicted_ok th x : predicted p th x = predicts Qops QR P outs (free th) x.
Proof. reflexivity. Qed.
Theorem program_predict_ok th x : rv QR (program_predict th x) = predicted p (real th) (rv QR x).
Proof. rewrite predicted_ok, free_real. apply (predictsT_ok Qops QR). Qed.
Lemma program_risk_losses L th : value L = value_of (loss p) -> program_risk p th = Q2R c * losses Qops QR L P outs D (free th).
Proof. intros E. unfold program_risk, losses. rewrite E, aligned_ok. reflexivity. Qed.
Theorem program_risk_Q_ok th : good_loss (loss p) = true -> Q2R (program_risk_Q th) = program_risk p (real th).
Proof.
  intros H. destruct (good_loss_ok _ H) as (L & E & [HL _] & _). rewrite (program_risk_losses L) by auto. unfold program_risk_Q, losses. cbv zeta. change Q2R with (toR QR). rewrite (toR_mul QR).
  f_equal. transitivity (sum (fun d => toR QR (l (program_predict th (fst d)) (snd d))) D).
  { destruct (loss p); try apply (sumT_ok Qops QR). apply (residual_pairs_ok Qops QR (fun d => program_predict th (fst d)) snd). } unfold rD. rewrite sum_map. apply sum_ext. intros d _. cbn [fst snd]. rewrite HL. f_equal. exact (program_predict_ok th (fst d)).
Qed.
Lemma slopes_at_fits_ok fits S : slopes_at_fits fits S = true -> exists L, value L = value_of (loss p) /\ 0 <= Q2R c /\ means QR l g L /\
  all_support L (rD QR D) (map (rv QR) fits) (map (rv QR) S).
Proof.
  intros H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. destruct (good_loss_ok _ H1) as (L & E & HL & _ & _ & SM).
  exists L. apply Qle_bool_iff, Qle_Rle in H2. rewrite real_zero in H2. split; [exact E|]. split; [exact H2|]. split; [exact HL|]. exact (check_slopes_ok Qops QR _ _ L _ _ _ SM H3).
Qed.
Lemma minorant_ok th given S : program_minorant th given = Some S -> exists L, value L = value_of (loss p) /\ 0 <= Q2R c /\
  all_support L (rD QR D) (predicted_at Qops QR P outs D (free (real th))) (map (rv QR) S).
Proof.
  unfold program_minorant. cbv zeta. intros H. destruct (slopes_at_fits _ _) eqn:HS in H; [|discriminate H]. injection H as EQ. rewrite EQ in HS. clear EQ.
  destruct (slopes_at_fits_ok _ _ HS) as (L & E & Hc & _ & A). exists L. split; [exact E|]. split; [exact Hc|]. replace (predicted_at _ _ _ _ _ _) with (map (rv QR) (predictions th)); auto.
  unfold predictions, predicted_at, rD. cbv zeta. rewrite !map_map. apply map_ext. intros d. cbn [fst]. exact (program_predict_ok th (fst d)).
Qed.
Lemma nearby_local L th : value L = value_of (loss p) -> 0 <= Q2R c ->
  nearby (free th) (fun w => losses Qops QR L P outs D (free th) <= losses Qops QR L P outs D w) -> local_min (program_risk p) th.
Proof.
  intros E Hc (e & He & H). exists e. split; auto. intros th' C. rewrite !(program_risk_losses L) by auto. apply Rmult_le_compat_l; auto. apply H, close_free, C.
Qed.

Theorem ok_program_risk_sound th rho : ok_program_risk th rho = true -> program_risk p (real th) = Q2R rho.
Proof. intros H. apply andb_prop in H. destruct H as [H1 H]. rewrite <- program_risk_Q_ok by auto. apply Qeq_eqR, Qeq_bool_eq, H. Qed.
Theorem ok_program_interior_sound th given : ok_program_interior th given = true -> local_min (program_risk p) (real th).
Proof.
  unfold ok_program_interior. destruct (program_minorant th given) as [S|] eqn:H1; [|discriminate]. intros H2. destruct (minorant_ok _ _ _ H1) as (L & E & Hc & A). apply (nearby_local L); auto. rewrite free_real in *.
  eapply (check_flat_ok Qops QR); eauto. apply (piece_at_ok Qops QR).
Qed.
Lemma losses_all_aligned L v : losses Qops QR L P outs all_aligned v = losses Qops QR L P outs D v.
Proof.
  unfold losses. f_equal. unfold all_aligned, aligned, rD. cbv zeta. rewrite !map_map. apply map_ext. intros d. cbn [fst snd]. unfold rv. rewrite !map_map. f_equal; apply map_ext; intros x; cbn [toR QR]; rewrite !over_ok; reflexivity.
Qed.
Theorem ok_program_flat_sound th rho : ok_program_flat th rho = true -> program_risk p (real th) = Q2R rho /\ local_min (program_risk p) (real th).
Proof.
  unfold ok_program_flat. cbv zeta. destruct (loss p) eqn:EL; try discriminate. destruct (flat_sum _ _ _ _ _ _ _ _) as [z|] eqn:E; [|discriminate]. intros H. apply andb_prop in H. destruct H as [H1 H2].
  apply Qle_bool_iff, Qle_Rle in H1. rewrite real_zero in H1. apply (eqb_ok QR) in H2. destruct (flat_sum_ok Qops QR _ _ _ _ _ _ _ _ (eq_trans (over_ok _ _) (toR_one QR)) E) as [Z M]. rewrite losses_all_aligned in Z. assert (EV : value squared = value_of (loss p)) by (rewrite EL; reflexivity). split.
  - rewrite (program_risk_losses squared) by auto. rewrite free_real. rewrite !(toR_mul QR), half_ok, Z in H2. cbn [toR QR] in H2. rewrite over_ok in H2. rewrite <- H2. field.
  - apply (nearby_local squared); auto. rewrite free_real. revert M. apply nearby_imp. intros w. rewrite !losses_all_aligned. auto.
Qed.
Theorem ok_program_adjacent_sound th given : ok_program_adjacent th given = true -> local_min (program_risk p) (real th).
Proof.
  unfold ok_program_adjacent. destruct (program_minorant th given) as [S|] eqn:H1; [|discriminate]. intros H2. destruct (minorant_ok _ _ _ H1) as (L & E & Hc & A). apply (nearby_local L); auto. rewrite free_real in *.
  exact (check_around_ok Qops QR _ L _ _ _ _ A H2).
Qed.
Theorem ok_program_better_sound th th' rho rho' : program_risk p (real th) = Q2R rho -> program_risk p (real th') = Q2R rho' -> ok_program_better th th' rho rho' = true ->
  local_min (program_risk p) (real th) -> spurious_min (program_risk p) (real th).
Proof.
  intros R R' H M. apply andb_prop in H. destruct H as [H1 H2]. split; auto. exists (real th'). split; [apply (shapeT_ok Qops QR); auto|]. rewrite R, R'. apply (ltb_ok QR). exact H2.
Qed.
Theorem ok_program_valley_sound path given : ok_program_valley path given = true -> valley_of local_min p path.
Proof.
  unfold ok_program_valley. destruct (program_minorant _ given) as [S|] eqn:H1; [|discriminate]. cbv zeta. intros H. apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H2 H3].
  destruct (minorant_ok _ _ _ H1) as (L & E & Hc & A). rewrite <- path_start, free_along in A. assert (SP := still_ok Qops QR _ _ _ _ H3).
  split; [|apply (moves_ok Qops QR); auto]. intros x Hx. specialize (SP x Hx). split.
  - apply (nearby_local L); auto. rewrite free_along. eapply (check_flat_ok Qops QR); eauto; [intros ? ? ? ?; apply (piece_along_ok Qops QR); auto|]. rewrite SP. exact A.
  - rewrite !(program_risk_losses L) by auto. f_equal. rewrite !free_along. unfold losses. apply sum_ext. intros d Hd. f_equal. exact (in_map_eq _ _ _ SP d Hd).
Qed.
(* a better point makes all points of a valley spurious *)
Theorem ok_program_better_valley path th' rho rho' : program_risk p (real (start Qops path)) = Q2R rho -> program_risk p (real th') = Q2R rho' ->
  ok_program_better (start Qops path) th' rho rho' = true -> valley_of local_min p path -> valley_of spurious_min p path.
Proof.
  intros R R' H [V M]. split; auto. apply andb_prop in H. destruct H as [H1 H2]. intros x Hx. destruct (V x Hx) as [V1 V2]. split; auto. split; auto.
  exists (real th'). split; [apply (shape_along Qops QR), (shapeT_ok Qops QR), H1|]. rewrite V2, path_start, R, R'. apply (ltb_ok QR). exact H2.
Qed.
Theorem ok_program_bound_sound fits S rho : ok_program_bound fits S rho = true -> program_bound p rho.
Proof.
  intros H th. apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  destruct (slopes_at_fits_ok _ _ H1) as (L & E & Hc & [HV _] & A). apply Qle_bool_iff, Qle_Rle in H4. apply Rle_trans with (1 := H4). change Q2R with (toR QR). rewrite (toR_mul QR). cbn [toR QR].
  rewrite (program_risk_losses L) by auto. apply Rmult_le_compat_l; auto. apply (any_function Qops QR l L (length outs) D fits S HV A H3 (predicts Qops QR P outs (free th))).
  intros d Hd. unfold rD in Hd. apply in_map_iff in Hd. destruct Hd as (d0 & <- & Hd). cbn [fst snd]. rewrite forallb_forall in H2. specialize (H2 d0 Hd). apply Nat.eqb_eq in H2.
  unfold predicts, rv. rewrite !map_length. auto.
Qed.
Theorem ok_program_tree_sound act biased s homog extra G tree rho : ok_program_tree act biased s homog extra G tree rho = true -> program_bound p rho.
Proof.
  unfold ok_program_tree. cbv zeta. destruct s as [[L a] b]. set (E := data p). set (d := length (fst (hd ([], []) E))). destruct (shapes Qops act biased d P) as [A m] eqn:ES.
  destruct outs as [|k [|]] eqn:EO; try discriminate. destruct (nth k A None) as [u|] eqn:N; [|discriminate]. intros H th.
  apply andb_prop in H. destruct H as [H C]. apply andb_prop in H. destruct H as [H C0]. apply andb_prop in H. destruct H as [H C1]. apply andb_prop in H. destruct H as [H C2].
  apply Qle_bool_iff, Qle_Rle in H. rewrite real_zero in H. set (v := free th).
  assert (LE : forall e, In e E -> length (rv QR (fst e)) = d) by (intros e He; unfold rv; rewrite map_length; rewrite forallb_forall in C2; apply Nat.eqb_eq, C2, He).
  destruct (shapes_ok Qops QR act biased d v (map (fun e => rv QR (fst e)) E)) with (P := P) as (W & LR & LW & HA).
  { intros x Hx. apply in_map_iff in Hx. destruct Hx as (e & <- & He). auto. }
  rewrite ES in LW, HA. cbn [fst snd] in LW, HA. destruct (HA k u N) as (f & F1 & F2 & F3).
  set (U := map (fun j => (nth (S d + j) u (nothing Qops), (f (S d + j)%nat, nth j W []))) (seq 0 m)).
  destruct (signs_ok Qops QR (bent_unit act biased E) (length E) U) as (S0 & FS & IS & QS).
  { intros e He. unfold U in He. apply in_map_iff in He. destruct He as (j & <- & Hj). cbn [fst snd]. split; [apply F1|]. unfold bent_unit. apply map_length. }
  assert (EU : map fst U = map (fun j => nth (S d + j) u (nothing Qops)) (seq 0 m)) by (unfold U; rewrite map_map; reflexivity). rewrite EU in FS.
  destruct (check_signed_ok L a b act homog biased E G extra tree _ _ C S0 FS) as (g & Hg & PG).
  { intros p0 Hp. specialize (IS p0 Hp). unfold U in IS. rewrite map_map in IS. apply in_map_iff in IS. destruct IS as (j & <- & Hj). cbn [snd]. apply LR, nth_In. rewrite LW. apply in_seq in Hj. lia. }
  rewrite QS in PG. rewrite forallb_forall in C0. specialize (C0 g Hg). apply andb_prop in C0. destruct C0 as [C0 GN]. apply andb_prop in C0. destruct C0 as [C0 OG]. apply Nat.eqb_eq in C0.
  set (F := fun x => nth k (values v (map (r_node Qops QR) P) (1 :: x)) 0).
  assert (PR : program_risk p th = Q2R c * sum (fun e => value_of (loss p) [F (fst e)] (snd e)) (rD QR E)).
  { unfold program_risk, predicted, prediction. rewrite EO. reflexivity. }
  rewrite PR. apply (gain_sound (Problem [] E (loss p) c 0 1) rho g F C1 H C0 GN). cbn [samples].
  apply Rle_trans with (2 := PG). right. transitivity (dot (rv ZR g) (map (fun e => sumn (S d + m) (fun j => f j * nth j (columns Qops QR act biased (rv QR (fst e)) W) 0)) E)).
  { f_equal. apply map_ext_in. intros e He. unfold F. rewrite (F3 (rv QR (fst e))) by (apply in_map_iff; exists e; auto). rewrite LW. reflexivity. }
  etransitivity; [exact (dot_sumn_right (rv ZR g) E (S d + m) f (fun j e => nth j (columns Qops QR act biased (rv QR (fst e)) W) 0))|]. rewrite sumn_app, sumn_zero, Rplus_0_l.
  2: { intros j Hj. unfold orthogonal in OG. rewrite forallb_forall in OG. specialize (OG j ltac:(apply in_seq; lia)). apply orb_prop in OG. destruct OG as [Z|Z].
    - rewrite (is_nothing_ok Qops QR _ _ Z (F1 j)). ring.
    - apply (eqb_ok QR) in Z. rewrite (dotT_ok Qops QR) in Z. change (map inject_Z g) with (rational g) in Z. rewrite rational_ok in Z. cbn [toR QR] in Z. rewrite real_zero in Z.
      transitivity (f j * dot (rv ZR g) (rv QR (map (fun e => nth j (1%Q :: fst e) 0%Q) E))); [|rewrite Z; ring]. do 2 f_equal. unfold rv at 2. rewrite map_map. apply map_ext_in. intros e He.
      rewrite (column_input Qops QR act biased d) by (auto; apply LE, He). transitivity (nth j (map Q2R (1%Q :: fst e)) (Q2R 0)); [cbn [map]; rewrite real_zero; replace (Q2R 1) with 1 by (unfold Q2R; simpl; lra); reflexivity|]. rewrite map_nth. reflexivity. }
  unfold U. rewrite sum_seq. apply sumn_ext. intros j Hj. cbn [fst snd Nat.add]. f_equal. rewrite (dot_comm (bent_unit _ _ _ _)). f_equal. unfold bent_unit. apply map_ext_in. intros e He.
  apply (column_unit Qops QR act biased d); [apply LE, He|rewrite LW; exact Hj].
Qed.
Theorem program_attains th rho : program_bound p rho -> program_risk p (real th) = Q2R rho -> global_min (program_risk p) (real th).
Proof. intros B R th' _. rewrite R. apply B. Qed.
Theorem ok_program_linear_sound th : ok_program_linear th = true -> linear_near p (real th).
Proof.
  intros H. unfold ok_program_linear in H. cbv zeta in H. apply andb_prop in H. destruct H as [H1 H2]. rewrite forallb_forall in H1.
  destruct (check_linear_ok Qops QR _ _ (piece_at_ok Qops QR (free_Q th)) P outs D _ H2 (fun s Hs => proj1 (Nat.eqb_eq _ _) (H1 s Hs))) as (e & He & A).
  exists e. split; auto. intros th' C. rewrite <- aligned_ok. apply A. rewrite <- free_real. apply close_free, C.
Qed.
Theorem ok_program_affine_sound th given A : ok_program_affine th given A = true -> best_affine p (real th).
Proof.
  unfold ok_program_affine, program_minorant. cbv zeta. destruct (slopes_at_fits (predictions th) _) eqn:H1; [|discriminate]. intros H2. destruct (slopes_at_fits_ok _ _ H1) as (L & E & _ & _ & AS).
  destruct (check_best_affine_ok Qops QR L _ _ _ _ _ _ AS H2) as (B1 & B2 & B3). exists (rm QR A). split; [exact B1|]. split; [|rewrite <- E, <- aligned_ok; exact B3].
  unfold predictions in B2. cbv zeta in B2. rewrite map_map in B2. intros d Hd. transitivity (affine_map (rm QR A) (fst d)); [|reflexivity]. symmetry. revert d Hd. rewrite <- aligned_ok. unfold rD in *. rewrite map_map in B2.
  intros d Hd. apply in_map_iff in Hd. destruct Hd as (d0 & <- & Hd). cbn [fst]. etransitivity; [exact (in_map_eq _ _ _ B2 d0 Hd)|]. exact (program_predict_ok th (fst d0)).
Qed.
Theorem ok_program_descent_sound curve : ok_program_descent curve = true -> ~ local_min (program_risk p) (real (start Qops curve)).
Proof.
  intros H (e & He & M). apply andb_prop in H. destruct H as [H1 H]. destruct (good_loss_ok _ H1) as (L & E & _ & HS & _).
  destruct (falls_ok Qops QR _ L _ _ _ _ _ _ HS H e He) as (x & C & F). change (at_ QR 0 curve) with (path_at 0 curve) in C. rewrite path_start in C. specialize (M _ C).
  rewrite <- program_risk_Q_ok in M by auto. rewrite (program_risk_losses L) in M by auto. change (at_ QR x curve) with (path_at x curve) in M. rewrite free_along in M. exact (Rlt_not_le _ _ F M).
Qed.
End Rules.
