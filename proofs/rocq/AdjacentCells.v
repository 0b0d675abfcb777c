(* adjacent_cells, any depth: at a point on breakpoints the minorant is constant on every cell around it. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck Homogeneous FaceMinimum FaceCheck.
Import ListNotations.
Open Scope R_scope.

(* all ways to take one element of each list *)
Fixpoint choices {A} (L : list (list A)) : list (list A) :=
  match L with [] => [[]] | l :: L' => flat_map (fun a => map (cons a) (choices L')) l end.
Lemma choices_iff {A} : forall (L : list (list A)) c, In c (choices L) <-> Forall2 (fun a l => In a l) c L.
Proof.
  induction L as [|l L IH]; intros c; simpl.
  - split; [intros [<-|[]]; constructor|intros H; inversion H; auto].
  - rewrite in_flat_map. split.
    + intros (a & Ha & Hc). apply in_map_iff in Hc. destruct Hc as (c' & <- & Hc). constructor; auto. apply IH; auto.
    + intros H. inversion H; subst. exists x. split; auto. apply in_map, IH. auto.
Qed.

(* near z, h is on one of the pieces; at z it is on all of them *)
Definition around (h : act R) (z : R) (l : list (R * R)) : Prop :=
  (exists d, 0 < d /\ forall z', Rabs (z' - z) < d -> exists so, In so l /\ ev h z' = fst so * z' + snd so) /\
  (forall so, In so l -> ev h z = fst so * z + snd so) /\
  forall e, 0 < e -> exists d, 0 < d /\ forall z', Rabs (z' - z) < d -> Rabs (ev h z' - ev h z) < e.
Fixpoint around_units (bh : bool * act R) (L : list (list (R * R))) (W : list (list R)) (a : list R) : Prop :=
  match W, L with
  | [], [] => True
  | row :: W', l :: L' => around (snd bh) (dot row (ext (fst bh) a)) l /\ around_units bh L' W' a
  | _, _ => False
  end.
Fixpoint around_net (N : list (bool * act R)) (P : list (list (list (R * R)))) (th : params R) (x : list R) : Prop :=
  match N, th, P with
  | bh :: N', W :: th', L :: P' => around_units bh L W (net N' th' x) /\ around_net N' P' th' x
  | _, _, [] => N = [] \/ th = []
  | _, _, _ => False
  end.

Lemma around_units_near bh : forall W L a, around_units bh L W a ->
  (forall c, Forall2 (fun so l => In so l) c L -> layer bh W a = units (fst bh) c W a) /\
  forall d, 0 < d -> exists e, 0 < e /\ forall W' a', close2 e W W' -> close1 e a a' ->
    (exists c, Forall2 (fun so l => In so l) c L /\ layer bh W' a' = units (fst bh) c W' a') /\ close1 d (layer bh W a) (layer bh W' a').
Proof.
  induction W as [|row W IH]; intros [|l L] a H; simpl in H; try contradiction.
  - split; [intros c Hc; inversion Hc; reflexivity|]. intros d Hd. exists 1. split; [lra|]. intros W' a' HW _. inversion HW; subst. split; [|constructor].
    exists []. split; [constructor|reflexivity].
  - destruct H as [((d0 & Hd0 & HA) & HB & HC) H]. destruct (IH L a H) as [I1 I2]. set (z := dot row (ext (fst bh) a)) in *. split.
    + intros c Hc. inversion Hc as [|so ? c' ? F1 F2]; subst. simpl. fold z. rewrite (HB so F1). f_equal. apply I1; auto.
    + intros d Hd. destruct (I2 d Hd) as (e1 & He1 & H1). destruct (HC d Hd) as (d1 & Hd1 & H3).
      destruct (dot_cont row (ext (fst bh) a) (Rmin d0 d1)) as (e2 & He2 & H2); [apply Rmin_pos; auto|].
      exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. intros W' a' HW Ha. inversion HW as [|r r' w w' Hr Hw]; subst.
      assert (E1 := Rmin_l e1 e2). assert (E2 := Rmin_r e1 e2). assert (E3 := Rmin_l d0 d1). assert (E4 := Rmin_r d0 d1).
      destruct (H1 w' a') as [(c & C1 & C2) Q2]; [eapply close2_mono; eauto | eapply close1_mono; eauto|].
      assert (HZ : Rabs (dot r' (ext (fst bh) a') - z) < Rmin d0 d1).
      { apply H2; [eapply close1_mono; eauto|]. apply close1_ext; auto. eapply close1_mono; eauto. }
      destruct (HA (dot r' (ext (fst bh) a'))) as (so & S1 & S2); [lra|]. split.
      * exists (so :: c). split; [constructor; auto|]. simpl. rewrite S2. f_equal. exact C2.
      * simpl. constructor; [|exact Q2]. fold z. apply H3. lra.
Qed.
Lemma around_net_near : forall N P th x, around_net N P th x ->
  (forall p, Forall2 (Forall2 (fun so l => In so l)) p P -> net N th x = netp N p th x) /\
  forall d, 0 < d -> exists e, 0 < e /\ forall th', close e th th' ->
    (exists p, Forall2 (Forall2 (fun so l => In so l)) p P /\ net N th' x = netp N p th' x) /\ close1 d (net N th x) (net N th' x).
Proof.
  assert (B : forall N th x, (N = [] \/ th = []) -> (forall p, net N th x = netp N p th x) /\
    forall d, 0 < d -> exists e, 0 < e /\ forall th', close e th th' -> (exists p, Forall2 (Forall2 (fun so l => @In (R * R) so l)) p [] /\ net N th' x = netp N p th' x) /\ close1 d (net N th x) (net N th' x)).
  { intros N th x H. split; [intros p; destruct H; subst; [destruct th|destruct N]; reflexivity|]. intros d Hd. exists 1. split; [lra|]. intros th' C.
    assert (E : net N th' x = x /\ net N th x = x) by (destruct H; subst; [destruct th, th'; auto|inversion C; subst; destruct N; auto]). destruct E as [E1 E2]. rewrite E1, E2.
    split; [|apply close1_refl; auto]. exists []. split; [constructor|]. destruct H; subst; [destruct th'|inversion C; subst; destruct N]; reflexivity. }
  induction N as [|bh N IH]; intros P th x H.
  - destruct P; [|destruct th; contradiction]. destruct (B [] th x (or_introl eq_refl)) as [B1 B2]. split; auto.
  - destruct th as [|W th]; destruct P as [|L P]; simpl in H; try contradiction.
    + destruct (B (bh :: N) [] x (or_intror eq_refl)) as [B1 B2]. split; auto.
    + destruct H; discriminate.
    + destruct H as [HU HN]. destruct (IH P th x HN) as [I1 I2]. destruct (around_units_near bh W L _ HU) as [U1 U2]. split.
      * intros p Hp. inversion Hp as [|c ? p' ? F1 F2]; subst. simpl. rewrite (U1 c F1), (I1 p' F2). reflexivity.
      * intros d Hd. destruct (U2 d Hd) as (e1 & He1 & H1). destruct (I2 e1 He1) as (e2 & He2 & H2).
        exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. assert (E1 := Rmin_l e1 e2). assert (E2 := Rmin_r e1 e2).
        intros th' C. inversion C as [|w w' t t' Hw Ht]; subst. destruct (H2 t') as [(p & P1 & P2) Q2]; [eapply close_mono; eauto|].
        destruct (H1 w' (net N t' x)) as [(c & C1 & C2) Q4]; auto; [eapply close2_mono; eauto|]. simpl. split; [|exact Q4].
        exists (c :: p). split; [constructor; auto|]. simpl. rewrite C2, P2. reflexivity.
Qed.

(* a sample with a family of patterns; all ways to choose one for each *)
Definition pattern : Type := list (list (R * R)).
Theorem adjacent_minimum (l : convex_loss) c N m (D : list (list R * list R)) (F : list (list (list (list (R * R))))) th :
  0 <= c -> Forall2 (fun d P => around_net N P th (fst d)) D F ->
  (forall d, In d D -> length (snd d) = m /\ length (net N th (fst d)) = m) ->
  (forall ps, Forall2 (Forall2 (Forall2 (fun so l => In so l))) ps F ->
     forall k, (k < m)%nat -> kill (shapeN N th) (map (residual l N th k) (combine D ps))) ->
  local_min (risk_of (value l) c N D) th.
Proof.
  intros Hc HA HL HK.
  assert (NE : exists e, 0 < e /\ forall th', close e th th' -> (exists ps, Forall2 (Forall2 (Forall2 (fun so l => In so l))) ps F /\
      Forall2 (fun d p => net N th' (fst d) = netp N p th' (fst d)) D ps) /\ forall d, In d D -> length (net N th' (fst d)) = m).
  { clear HK. induction HA as [|d P D F A1 A2 IH].
    - exists 1. split; [lra|]. intros th' _. split; [exists []; split; constructor|intros ? []].
    - destruct IH as (e1 & P1 & H1); [intros; apply HL; right; auto|]. destruct (around_net_near _ _ _ _ A1) as [_ A3]. destruct (A3 1) as (e2 & P2 & H2); [lra|].
      exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. intros th' C.
      destruct (H1 th') as [(ps & Q1 & Q2) Q3]; [eapply close_mono; eauto; apply Rmin_l|]. destruct (H2 th') as [(p & Q4 & Q5) Q6]; [eapply close_mono; eauto; apply Rmin_r|].
      split; [exists (p :: ps); split; constructor; auto|]. intros d' [<-|Hd]; auto. rewrite <- (close1_length _ _ _ Q6). apply HL. left; auto. }
  destruct NE as (e & He & NE). exists e. split; auto. intros th' C. destruct (NE th' C) as ((ps & P1 & P2) & LN).
  assert (AT : Forall2 (fun d p => net N th (fst d) = netp N p th (fst d)) D ps).
  { clear - HA P1. revert ps P1. induction HA; intros ps P1; inversion P1; subst; constructor; auto. destruct (around_net_near _ _ _ _ H) as [A _]. auto. }
  unfold risk_of. apply Rmult_le_compat_l; auto. rewrite !total_sum.
  set (g := fun d : list R * list R => slope l (net N th (fst d)) (snd d)).
  assert (Z : forall t, close e th t -> Forall2 (fun d p => net N t (fst d) = netp N p t (fst d)) D ps -> (forall d, In d D -> length (net N t (fst d)) = m) ->
    sum (fun d => dot (g d) (net N t (fst d))) D = 0).
  { intros t Ct Ht Lt. transitivity (sum (fun d => sumn m (fun k => nth k (g d) 0 * nth k (net N t (fst d)) 0)) D).
    { apply sum_ext. intros d Hd. apply dot_sumn. apply Lt; auto. }
    rewrite sum_sumn. apply sumn_zero. intros k Hk. specialize (HK ps P1 k Hk). rewrite (shapeN_close e N th t Ct) in HK.
    generalize (kill_net N t _ HK k). rewrite sum_map. intros Y. etransitivity; [|exact Y]. clear - Ht.
    induction Ht as [|d p D ps E _ IH]; simpl; auto. rewrite IH. unfold residual, swt, spat, sx. cbn [fst snd]. rewrite E. reflexivity. }
  assert (Z1 := Z th' C P2 LN). assert (Z0 : sum (fun d => dot (g d) (net N th (fst d))) D = 0).
  { apply Z; [apply close_refl; auto|auto|]. intros d Hd. apply HL; auto. }
  apply Rle_trans with (sum (fun d => value l (net N th (fst d)) (snd d) + (dot (g d) (net N th' (fst d)) + -1 * dot (g d) (net N th (fst d)))) D).
  - rewrite !sum_plus, sum_scal, Z0, Z1. lra.
  - apply sum_le. intros d Hd. destruct (HL d Hd) as [H2 H3]. assert (H4 := LN d Hd).
    assert (T := tangent l (net N th (fst d)) (net N th' (fst d)) (snd d)). unfold g.
    assert (length (net N th (fst d)) = length (snd d)) by congruence. assert (length (net N th' (fst d)) = length (snd d)) by congruence. specialize (T H H0). lra.
Qed.

Section AdjacentCells.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).

Definition piecesT (h : act t) (z : t) : option (list (t * t)) :=
  match sidesT K (fst h) (snd h) z with
  | None => None
  | Some (sm, sp) => let v := evT K h z in let p s := (s, v -! s *! z) in Some (if eqb K sm sp then [p sm] else [p sm; p sp])
  end.
Lemma sides_around h z sm sp : sides h z sm sp -> around h z [(sm, ev h z - sm * z); (sp, ev h z - sp * z)].
Proof.
  intros (d & Hd & H). split; [|split].
  - exists d. split; auto. intros z' Hz. specialize (H z' Hz). destruct (Rle_dec z' z).
    + exists (sm, ev h z - sm * z). split; [left; auto|]. cbn [fst snd]. rewrite H. ring.
    + exists (sp, ev h z - sp * z). split; [right; left; auto|]. cbn [fst snd]. rewrite H. ring.
  - intros so [<-|[<-|[]]]; cbn [fst snd]; ring.
  - intros e He. set (M := Rabs sm + Rabs sp + 1). assert (A := Rabs_pos sm). assert (B := Rabs_pos sp). assert (HM : 0 < M) by (unfold M; lra).
    exists (Rmin d (e / M)). split; [apply Rmin_pos; auto; apply Rdiv_lt_0_compat; auto|]. intros z' Hz. assert (L1 := Rmin_l d (e / M)). assert (L2 := Rmin_r d (e / M)).
    rewrite H by lra. replace (ev h z + (if Rle_dec z' z then sm * (z' - z) else sp * (z' - z)) - ev h z) with ((if Rle_dec z' z then sm else sp) * (z' - z)) by (destruct (Rle_dec z' z); ring).
    rewrite Rabs_mult. assert (Q : Rabs (if Rle_dec z' z then sm else sp) <= M) by (unfold M; destruct (Rle_dec z' z); lra). assert (P := Rabs_pos (z' - z)).
    apply Rle_lt_trans with (M * Rabs (z' - z)); [apply Rmult_le_compat_r; auto|]. replace e with (M * (e / M)) by (field; lra). apply Rmult_lt_compat_l; lra.
Qed.
Lemma piecesT_ok h z l : piecesT h z = Some l -> around (ra KR h) (r z) (rso KR l).
Proof.
  unfold piecesT. destruct (sidesT K (fst h) (snd h) z) as [[sm sp]|] eqn:E; [|discriminate]. intros H. inversion H; subst. clear H.
  apply (sidesT_ok K KR), sides_around in E. rewrite <- (evT_ok K KR) in E.
  assert (P : forall s, (r s, r (evT K h z) - r s * r z) = (r s, r (evT K h z -! s *! z))) by (intros; rewrite toR_sub, toR_mul; auto).
  rewrite !P in E. destruct (eqb K sm sp) eqn:Q; [|exact E]. apply (eqb_ok KR) in Q. destruct E as [(d & Hd & E1) [E2 E3]]. split; [|split].
  - exists d. split; auto. intros z' Hz. destruct (E1 z' Hz) as (so & [<-|[<-|[]]] & S); cbn [fst snd] in S; eexists; (split; [left; reflexivity|]); cbn [fst snd]; rewrite S; rewrite ?toR_sub, ?toR_mul, Q; ring.
  - intros so [<-|[]]. apply E2. left; auto.
  - exact E3.
Qed.
Fixpoint unitsA (h : act t) (W : list (list t)) (x : list t) : option (list (list (t * t))) :=
  match W with
  | [] => Some []
  | row :: W' => match piecesT h (dotT K row x), unitsA h W' x with Some l, Some L => Some (l :: L) | _, _ => None end
  end.
Fixpoint traceA (N : list (bool * act t)) (th : params t) (x : list t) : option (list (list (list (t * t)))) :=
  match N, th with
  | bh :: N', W :: th' => match unitsA (snd bh) W (extT K (fst bh) (netT K N' th' x)), traceA N' th' x with Some L, Some P => Some (L :: P) | _, _ => None end
  | _, _ => Some []
  end.
Definition rP : list (list (list (t * t))) -> list (list (list (R * R))) := map (map (rso KR)).
Lemma unitsA_ok bh a : forall W L, unitsA (snd bh) W (extT K (fst bh) a) = Some L -> around_units (fst bh, ra KR (snd bh)) (map (rso KR) L) (rm KR W) (rv a).
Proof.
  induction W as [|row W IH]; intros L H; simpl in H; [inversion H; simpl; auto|].
  destruct (piecesT _ _) as [l|] eqn:E; [|discriminate]. destruct (unitsA _ _ _) as [L'|]; [|discriminate]. inversion H; subst. simpl. split; auto.
  apply piecesT_ok in E. rewrite dotT_ok, extT_ok in E. exact E.
Qed.
Lemma traceA_ok : forall N th x P, traceA N th x = Some P -> around_net (rN KR N) (rP P) (rp KR th) (rv x).
Proof.
  induction N as [|bh N IH]; intros [|W th] x P H; simpl in H; try (inversion H; subst; simpl; auto; fail).
  destruct (unitsA _ _ _) as [L|] eqn:E; [|discriminate]. destruct (traceA N th x) as [P'|] eqn:E2; [|discriminate]. inversion H; subst. simpl. split; [|apply IH; auto].
  fold (rN KR N). fold (rp KR th). rewrite <- netT_ok. apply unitsA_ok. auto.
Qed.
Fixpoint tracesA N th (D : list (list t * list t)) : option (list (list (list (list (t * t))))) :=
  match D with
  | [] => Some []
  | d :: D' => match traceA N th (fst d), tracesA N th D' with Some P, Some l => Some (P :: l) | _, _ => None end
  end.
Definition check_adjacent (g : list t -> list t -> list t) (m d : nat) (c : t) N D th : bool :=
  leb K z0 c &&
  match tracesA N th D with
  | None => false
  | Some F =>
      forallb (fun s => (length (snd s) =? m)%nat && (length (netT K N th (fst s)) =? m)%nat) D &&
      forallb (fun ps => forallb (fun k => killT K d (shapeNT K N th) (map (fun e : (list t * list t) * list (list (t * t)) =>
         (nth k (g (netT K N th (fst (fst e))) (snd (fst e))) z0, snd e, fst (fst e))) (combine D ps))) (seq 0 m))
        (choices (map (fun P => choices (map choices P)) F))
  end.
Lemma rso_choice l c : Forall2 (fun so l => In so l) c (map (rso KR) l) -> exists c', c = rso KR c' /\ Forall2 (fun so l => In so l) c' l.
Proof.
  revert c. induction l as [|a l IH]; intros c H; inversion H; subst; [exists []; split; auto|]. destruct (IH _ H4) as (c' & -> & C).
  unfold rso in H3. apply in_map_iff in H3. destruct H3 as (so & <- & Hs). exists (so :: c'). split; auto.
Qed.
Theorem check_adjacent_ok l g L m d c N D th : means KR l g L -> check_adjacent g m d c N D th = true ->
  local_min (risk_of (value L) (r c) (rN KR N) (rD KR D)) (rp KR th).
Proof.
  unfold check_adjacent. intros [_ HG] H. apply andb_prop in H. destruct H as [Hc H]. apply (leb_ok KR) in Hc. rewrite toR_zero in Hc.
  destruct (tracesA N th D) as [F|] eqn:E; [|discriminate]. apply andb_prop in H. destruct H as [H1 H2]. rewrite forallb_forall in H1, H2.
  assert (TR : Forall2 (fun s P => traceA N th (fst s) = Some P) D F).
  { clear - E. revert F E. induction D as [|s D IH]; intros F E; simpl in E; [inversion E; constructor|].
    destruct (traceA N th (fst s)) eqn:E1; [|discriminate]. destruct (tracesA N th D) eqn:E2; [|discriminate]. inversion E; subst. constructor; auto. }
  apply (adjacent_minimum L (r c) (rN KR N) m (rD KR D) (map rP F)); auto.
  - clear - TR. unfold rD. induction TR; simpl; constructor; auto. cbn [fst]. apply traceA_ok; auto.
  - intros s Hs. unfold rD in Hs. apply in_map_iff in Hs. destruct Hs as (q & <- & Hq). cbn [fst snd]. specialize (H1 q Hq). apply andb_prop in H1. destruct H1 as [A B].
    apply Nat.eqb_eq in A, B. rewrite <- netT_ok. unfold InteriorCheck.rv. rewrite !map_length. auto.
  - intros ps HP k Hk.
    assert (X : exists qs, ps = map (map (rso KR)) qs /\ In qs (choices (map (fun P => choices (map choices P)) F))).
    { clear - HP. revert ps HP. induction F as [|P F IH]; intros ps HP; inversion HP as [|p ? ps' ? Q1 Q2]; subst; [exists []; simpl; auto|].
      destruct (IH _ Q2) as (qs & -> & I). assert (Y : exists q, p = map (rso KR) q /\ In q (choices (map choices P))).
      { clear - Q1. revert p Q1. induction P as [|l P IH]; intros p Q; inversion Q as [|c ? p' ? A B]; subst; [exists []; simpl; auto|].
        destruct (IH _ B) as (q & -> & I). destruct (rso_choice _ _ A) as (c' & -> & C). exists (c' :: q). split; auto. cbn [map choices]. apply in_flat_map. exists c'.
        split; [apply choices_iff; auto|]. apply in_map. auto. }
      destruct Y as (q & -> & J). exists (q :: qs). split; auto. cbn [map choices]. apply in_flat_map. exists q. split; auto. apply in_map. auto. }
    destruct X as (qs & -> & I). specialize (H2 qs I). rewrite forallb_forall in H2. assert (Q : In k (seq 0 m)) by (apply in_seq; lia). apply H2, (killT_ok K KR) in Q.
    rewrite shapeNT_ok. replace (map (residual L (rN KR N) (rp KR th) k) (combine (rD KR D) (map (map (rso KR)) qs))) with
      (map (rs KR) (map (fun e : (list t * list t) * list (list (t * t)) => (nth k (g (netT K N th (fst (fst e))) (snd (fst e))) z0, snd e, fst (fst e))) (combine D qs))); [exact Q|].
    rewrite map_map. clear - HG. revert qs. unfold rD. induction D as [|s D IH]; intros [|q qs]; simpl; auto. rewrite IH. f_equal. unfold rs, residual. cbn [fst snd].
    rewrite <- netT_ok, <- HG. f_equal. f_equal. rewrite <- (toR_zero KR). unfold InteriorCheck.rv. symmetry. apply map_nth.
Qed.
End AdjacentCells.
