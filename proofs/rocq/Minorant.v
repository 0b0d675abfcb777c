(* The first-order minorant: slopes that support the loss at a point's predictions make a problem with a linear loss, whose
   risk stays below. What is a minimum there is a minimum of the risk itself. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum Numbers InteriorCheck ValleyCheck FunctionBound.
Import ListNotations.
Open Scope R_scope.

(* s supports the loss at u *)
Definition supports (L : convex_loss) (u y s : list R) : Prop := length u = length y /\ length s = length y /\
  forall u', length u' = length y -> dot s u' - dot s u <= value L u' y - value L u y.
(* a slope between two that support it does, too *)
Definition between (s p q : R) : Prop := p <= s <= q \/ q <= s <= p.
Lemma between_supports f p q : (forall a a' y, p a y * (a' - a) <= f a' y - f a y /\ q a y * (a' - a) <= f a' y - f a y) ->
  forall u y s, length u = length y -> Forall2 (fun s uy => between s (p (fst uy) (snd uy)) (q (fst uy) (snd uy))) s (combine u y) ->
  length s = length y /\ forall u', length u' = length y -> dot s u' - dot s u <= sum2 f u' y - sum2 f u y.
Proof.
  intros H. induction u as [|a u IH]; intros [|b y] s L F; try discriminate; inversion F as [|z w s' l' B F']; subst.
  - split; auto. intros [|]; simpl; intros; [lra|discriminate].
  - destruct (IH y s' ltac:(simpl in L; lia) F') as [L' T]. split; [simpl; lia|]. intros [|a' u'] Lu; try discriminate. specialize (T u' ltac:(simpl in Lu; lia)).
    cbn [dot sum2]. destruct (H a a' b) as [P Q]. cbn [fst snd] in B. cut (z * (a' - a) <= f a' b - f a b); [lra|].
    destruct (Rle_lt_dec 0 (a' - a)) as [S|S]; destruct B as [[B1 B2]|[B1 B2]].
    + apply Rle_trans with (2 := Q). apply Rmult_le_compat_r; auto.
    + apply Rle_trans with (2 := P). apply Rmult_le_compat_r; auto.
    + apply Rle_trans with (2 := P). apply Ropp_le_cancel. rewrite !Ropp_mult_distr_r. apply Rmult_le_compat_r; lra.
    + apply Rle_trans with (2 := Q). apply Ropp_le_cancel. rewrite !Ropp_mult_distr_r. apply Rmult_le_compat_r; lra.
Qed.

(* samples with new labels *)
Definition labelled {A} (D : list (list A * list A)) (S : list (list A)) : list (list A * list A) := map (fun e => (fst (fst e), snd e)) (combine D S).
Lemma labelled_in {A} : forall (D : list (list A * list A)) S d, In d (labelled D S) -> exists d0, In d0 D /\ fst d0 = fst d.
Proof. intros D S d H. unfold labelled in H. apply in_map_iff in H. destruct H as ([d0 s] & <- & H). apply in_combine_l in H. exists d0. auto. Qed.
Lemma in_labelled {A} : forall (D : list (list A * list A)) S d, length S = length D -> In d D -> exists d', In d' (labelled D S) /\ fst d' = fst d.
Proof.
  unfold labelled. induction D as [|d0 D IH]; intros [|y S] d L H; try discriminate; simpl in H; [contradiction|].
  destruct H as [<-|H]; [eexists; split; [left; reflexivity|reflexivity]|]. destruct (IH S d ltac:(simpl in L; lia) H) as (s & I & Q). exists s. split; [right; auto|auto].
Qed.
(* U: the predictions that the slopes S belong to *)
Definition all_support (L : convex_loss) (D : list (list R * list R)) (U S : list (list R)) : Prop :=
  length U = length D /\ length S = length D /\ Forall (fun e => supports L (snd (fst e)) (snd (fst (fst e))) (snd e)) (combine (combine D U) S).
Lemma total_labelled l N th : forall (D : list (list R * list R)) (U S : list (list R)), length U = length D -> length S = length D -> total l N (labelled D S) th = sum (fun e => l (net N th (fst (fst (fst e)))) (snd e)) (combine (combine D U) S).
Proof.
  unfold labelled. induction D as [|d D IH]; intros [|u U] [|s S] L1 L2; try discriminate; simpl; auto. f_equal. apply IH; simpl in *; lia.
Qed.
Lemma total_combined l N th : forall (D : list (list R * list R)) (U S : list (list R)), length U = length D -> length S = length D -> total l N D th = sum (fun e => l (net N th (fst (fst (fst e)))) (snd (fst (fst e)))) (combine (combine D U) S).
Proof. induction D as [|d D IH]; intros [|u U] [|s S] L1 L2; try discriminate; simpl; auto. f_equal. apply IH; simpl in *; lia. Qed.
Lemma combined_in {A B C} : forall (D : list A) (U : list B) (S : list C) e, In e (combine (combine D U) S) -> In (fst (fst e)) D.
Proof. intros D U S [[d u] s] H. apply in_combine_l, in_combine_l in H. exact H. Qed.

(* the risk is above the linear one, with equality where the predictions are U *)
Theorem minorant (L : convex_loss) c N D U S : 0 <= c -> all_support L D U S -> forall th, (forall d, In d D -> length (net N th (fst d)) = length (snd d)) ->
  c * sum (fun e => value L (snd (fst e)) (snd (fst (fst e))) - dot (snd e) (snd (fst e))) (combine (combine D U) S) + risk_of (value linear_loss) c N (labelled D S) th
    <= risk_of (value L) c N D th.
Proof.
  intros Hc (L1 & L2 & F) th HL. unfold risk_of. rewrite (total_labelled _ N th D U S), (total_combined (value L) N th D U S) by auto. rewrite <- Rmult_plus_distr_l. apply Rmult_le_compat_l; auto.
  rewrite <- sum_plus. apply sum_le. intros e He. rewrite Forall_forall in F. destruct (F e He) as (_ & _ & T). assert (I := combined_in _ _ _ _ He).
  specialize (T (net N th (fst (fst (fst e)))) (HL _ I)). cbn [value linear_loss]. lra.
Qed.
Theorem minorant_at (L : convex_loss) c N D S th : let U := map (fun d => net N th (fst d)) D in all_support L D U S ->
  c * sum (fun e => value L (snd (fst e)) (snd (fst (fst e))) - dot (snd e) (snd (fst e))) (combine (combine D U) S) + risk_of (value linear_loss) c N (labelled D S) th
    = risk_of (value L) c N D th.
Proof.
  intros U (L1 & L2 & _). unfold risk_of. rewrite (total_labelled _ N th D U S), (total_combined (value L) N th D U S) by auto. rewrite <- Rmult_plus_distr_l. f_equal.
  rewrite <- sum_plus. apply sum_ext. intros e He. cbn [value linear_loss]. cut (snd (fst e) = net N th (fst (fst (fst e)))); [intros ->; ring|].
  unfold U in He. clear - He. revert S He. induction D as [|d D IH]; intros [|s S] He; simpl in He; try contradiction. destruct He as [<-|He]; [reflexivity|eapply IH; eauto].
Qed.
Lemma supported_lengths L D N th S : all_support L D (map (fun d => net N th (fst d)) D) S -> forall d, In d D -> length (net N th (fst d)) = length (snd d).
Proof.
  intros (_ & L2 & F). revert S L2 F. induction D as [|d D IH]; intros [|s S] L2 F; try discriminate; intros d' Hd; simpl in Hd; [contradiction|].
  simpl in F. inversion F as [|e l (A & _) F']; subst. cbn [fst snd] in A. destruct Hd as [<-|Hd]; [exact A|]. eapply IH; eauto.
Qed.
Lemma close_same e th th' : close e th th' -> same_shape th th'.
Proof.
  intros H. induction H as [|W W' th th' HW H IH]; constructor; auto. clear - HW. induction HW as [|u v W W' Hu H IH]; constructor; auto.
  clear - Hu. induction Hu; constructor; auto.
Qed.
Section Minima.
Variables (L : convex_loss) (c : R) (N : list (bool * act R)) (D : list (list R * list R)) (S : list (list R)).
Hypothesis c_positive : 0 <= c.
Notation R_ := (risk_of (value L) c N D).
Notation M_ := (risk_of (value linear_loss) c N (labelled D S)).
Lemma minorant_below th th' : all_support L D (map (fun d => net N th (fst d)) D) S -> same_shape th th' -> M_ th <= M_ th' -> R_ th <= R_ th'.
Proof.
  intros A SH H. rewrite <- (minorant_at L c N D S th A). apply Rle_trans with (2 := minorant L c N D _ S c_positive A th' (fun d Hd => eq_trans (eq_sym (net_length N th th' (fst d) SH)) (supported_lengths L D N th S A d Hd))).
  lra.
Qed.
Theorem minorant_local th : all_support L D (map (fun d => net N th (fst d)) D) S -> local_min M_ th -> local_min R_ th.
Proof. intros A (e & He & H). exists e. split; auto. intros th' C. apply minorant_below; auto. eapply close_same; eauto. Qed.
Theorem minorant_global th : all_support L D (map (fun d => net N th (fst d)) D) S -> global_min M_ th -> global_min R_ th.
Proof. intros A H th' SH. apply minorant_below; auto. Qed.
End Minima.
(* the predictions of a best affine map *)
Theorem minorant_affine (L : convex_loss) d m N D th S : all_support L D (map (fun s => net N th (fst s)) D) S -> (forall s, In s D -> length (snd s) = m) ->
  best_affine_fit (value linear_loss) d m N (labelled D S) th -> best_affine_fit (value L) d m N D th.
Proof.
  intros (_ & L2 & F) LY (A & SA & P & B). exists A. split; auto.
  assert (PA : forall s, In s D -> net N th (fst s) = affine_map A (fst s)) by (intros s Hs; destruct (in_labelled D S s L2 Hs) as (y & Hy & <-); exact (P _ Hy)).
  split; auto. intros B' SB. specialize (B B' SB).
  assert (G : sum (fun s => value linear_loss (affine_map B' (fst s)) (snd s)) (labelled D S) - sum (fun s => value linear_loss (affine_map A (fst s)) (snd s)) (labelled D S) <=
     sum (fun s => value L (affine_map B' (fst s)) (snd s)) D - sum (fun s => value L (affine_map A (fst s)) (snd s)) D); [|lra].
  assert (LB : forall x, length (affine_map B' x) = m) by (intros x; unfold affine_map; rewrite map_length; apply SB).
  clear - F PA L2 LY LB. unfold labelled. revert S L2 F PA LY. induction D as [|s D IH]; intros [|y S] L2 F PA LY; try discriminate; simpl; [lra|].
  simpl in F. inversion F as [|e l (A1 & A2 & A3) F']; subst. cbn [fst snd] in *.
  specialize (IH S ltac:(simpl in L2; lia) F' (fun s' Hs => PA s' (or_intror Hs)) (fun s' Hs => LY s' (or_intror Hs))).
  specialize (A3 (affine_map B' (fst s))). rewrite LB, (LY s (or_introl eq_refl)), (PA s (or_introl eq_refl)) in A3. specialize (A3 eq_refl). simpl in IH. lra.
Qed.

(* ---- checked ---- *)
Section Check.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Definition betweenT (s p q : t) : bool := (leb K p s && leb K s q) || (leb K q s && leb K s p).
Fixpoint all_between (s p q : list t) : bool :=
  match s, p, q with [], [], [] => true | a :: s, b :: p, c :: q => betweenT a b c && all_between s p q | _, _, _ => false end.
(* g, h: two slopes of the loss; U: predictions *)
Definition check_slopes (g h : list t -> list t -> list t) (D : list (list t * list t)) (U S : list (list t)) : bool :=
  (length U =? length D)%nat && (length S =? length D)%nat &&
  forallb (fun e : list t * list t * list t * list t => let u := snd (fst e) in let y := snd (fst (fst e)) in
    (length u =? length y)%nat && (length (snd e) =? length y)%nat && all_between (snd e) (g u y) (h u y)) (combine (combine D U) S).
(* the two slopes support the loss, and so does what lies between *)
Definition slopes_mean (g h : list t -> list t -> list t) (L : convex_loss) : Prop := forall u y s, length u = length y -> length s = length y -> all_between s (g u y) (h u y) = true ->
  supports L (rv u) (rv y) (rv s).
Lemma betweenT_ok s p q : betweenT s p q = true -> between (r s) (r p) (r q).
Proof. unfold betweenT, between. intros H. apply orb_prop in H. destruct H as [H|H]; apply andb_prop in H; destruct H as [A B]; apply (leb_ok KR) in A, B; auto. Qed.
Lemma by_output_slopes f df H p q P Q : (forall a y, r (p a y) = P (r a) (r y)) -> (forall a y, r (q a y) = Q (r a) (r y)) ->
  (forall a a' y, P a y * (a' - a) <= f a' y - f a y /\ Q a y * (a' - a) <= f a' y - f a y) -> slopes_mean (map2 p) (map2 q) (by_output f df H).
Proof.
  intros EP EQ HC u y s L1 L2 B. split; [unfold InteriorCheck.rv; rewrite !map_length; auto|]. cbn [value by_output]. unfold InteriorCheck.rv at 1 2. rewrite !map_length.
  destruct (between_supports f P Q HC (rv u) (rv y) (rv s)) as [A1 A2].
  - unfold InteriorCheck.rv. rewrite !map_length. auto.
  - clear - B EP EQ. revert y s B. unfold InteriorCheck.rv. induction u as [|a u IH]; intros [|b y] [|x s] B; simpl in B; try discriminate; simpl; constructor.
    + apply andb_prop in B. destruct B as [B _]. apply betweenT_ok in B. rewrite EP, EQ in B. exact B.
    + apply andb_prop in B. destruct B as [_ B]. apply IH; auto.
  - split; auto.
Qed.
(* one slope: the tangent *)
Lemma one_slope l g L : means KR l g L -> slopes_mean g g L.
Proof.
  intros [_ HG] u y s L1 L2 B. assert (E : rv s = slope L (rv u) (rv y)).
  { rewrite <- HG. clear - B. generalize (g u y) s B. intros p. clear. unfold InteriorCheck.rv. induction p as [|a p IH]; intros [|b s] B; simpl in B; try discriminate; auto. apply andb_prop in B. destruct B as [B1 B2]. simpl.
    f_equal; [|apply IH; auto]. apply betweenT_ok in B1. unfold between in B1. lra. }
  split; [unfold InteriorCheck.rv; rewrite !map_length; auto|]. split; [unfold InteriorCheck.rv; rewrite !map_length; auto|]. rewrite E. intros u' Lu. apply tangent; unfold InteriorCheck.rv in *; rewrite ?map_length in *; auto.
Qed.
Lemma labelled_ok D S : rD KR (labelled D S) = labelled (rD KR D) (map rv S).
Proof. unfold labelled, rD. revert S. induction D as [|d D IH]; intros [|s S]; simpl; auto. f_equal. apply IH. Qed.
Theorem check_slopes_ok g h L D U S : slopes_mean g h L -> check_slopes g h D U S = true -> all_support L (rD KR D) (map rv U) (map rv S).
Proof.
  intros HM H. unfold check_slopes in H. apply andb_prop in H. destruct H as [H B]. apply andb_prop in H. destruct H as [L1 L2]. apply Nat.eqb_eq in L1, L2.
  split; [unfold rD; rewrite !map_length; auto|]. split; [unfold rD; rewrite !map_length; auto|]. rewrite Forall_forall. rewrite forallb_forall in B.
  intros e He. assert (X : exists e0, In e0 (combine (combine D U) S) /\ e = (((rv (fst (fst (fst e0))), rv (snd (fst (fst e0)))), rv (snd (fst e0))), rv (snd e0))).
  { clear - He. revert U S He. induction D as [|d D IH]; intros [|u U] [|s S] He; simpl in He; try contradiction. destruct He as [<-|He]; [eexists; split; [left; reflexivity|reflexivity]|].
    destruct (IH U S He) as (e0 & I & E). exists e0. split; [right; auto|auto]. }
  destruct X as (e0 & I & ->). cbn [fst snd]. specialize (B e0 I). cbv zeta in B. apply andb_prop in B. destruct B as [B B3]. apply andb_prop in B. destruct B as [B1 B2]. apply Nat.eqb_eq in B1, B2.
  apply HM; auto.
Qed.
End Check.
