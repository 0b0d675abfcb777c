(* the checker of face_minimum *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck Rays Homogeneous TreeBound FaceMinimum.
Import ListNotations.
Open Scope R_scope.
Section FaceCheck.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).

Definition first (ps : list (t * t * t)) (last : t * t) : option t * (t * t) :=
  match ps with [] => (None, last) | p :: _ => (Some (fst (fst p)), (snd (fst p), snd p)) end.
Fixpoint sidesT (ps : list (t * t * t)) (last : t * t) (z : t) : option (t * t) :=
  match ps with
  | [] => Some (fst last, fst last)
  | p :: ps' =>
      let b := fst (fst p) in let s := snd (fst p) in
      if ltb K z b then Some (s, s) else if ltb K b z then sidesT ps' last z
      else let '(b2, so2) := first ps' last in
        if eqb K (s *! b +! snd p) (fst so2 *! b +! snd so2) && match b2 with None => true | Some b2 => ltb K b b2 end
        then Some (s, fst so2) else None
  end.
Lemma sidesT_ok h z sm sp : sidesT (fst h) (snd h) z = Some (sm, sp) -> sides (ra KR h) (r z) (r sm) (r sp).
Proof.
  destruct h as [ps last]. unfold sides, ev. cbn [fst snd ra]. fold (raps K KR ps). fold (rlast K KR last).
  revert sm sp. induction ps as [|p ps IH]; simpl; intros sm sp E.
  - inversion E; subst. exists 1. split; [lra|]. intros z' _. destruct (Rle_dec z' (r z)); simpl; ring.
  - destruct (ltb K z (fst (fst p))) eqn:E1.
    + inversion E; subst. apply (ltb_ok KR) in E1. exists (r (fst (fst p)) - r z). split; [lra|]. intros z' Hz.
      apply Rabs_def2 in Hz. destruct (Rle_dec z' (r (fst (fst p)))) as [HA|HA]; [|exfalso; lra].
      destruct (Rle_dec (r z) (r (fst (fst p)))) as [HB|HB]; [|exfalso; lra]. destruct (Rle_dec z' (r z)); ring.
    + destruct (ltb K (fst (fst p)) z) eqn:E2.
      * apply (ltb_ok KR) in E2. destruct (IH _ _ E) as (d & Hd & HH). exists (Rmin d (r z - r (fst (fst p)))). split; [apply Rmin_pos; lra|].
        intros z' Hz. assert (L1 := Rmin_l d (r z - r (fst (fst p)))). assert (L2 := Rmin_r d (r z - r (fst (fst p)))).
        assert (A : Rabs (z' - r z) < r z - r (fst (fst p))) by lra. apply Rabs_def2 in A.
        destruct (Rle_dec z' (r (fst (fst p)))) as [HA|HA]; [exfalso; lra|]. destruct (Rle_dec (r z) (r (fst (fst p)))) as [HB|HB]; [exfalso; lra|].
        apply HH. lra.
      * unfold ltb in E1, E2. apply negb_false_iff in E1, E2. apply (leb_ok KR) in E1, E2. assert (EZ : r z = r (fst (fst p))) by lra.
        destruct ps as [|p2 ps]; simpl in E.
        -- destruct (eqb K _ _) eqn:EQ; [|discriminate]. simpl in E. inversion E; subst. apply (eqb_ok KR) in EQ. rewrite !toR_add, !toR_mul in EQ.
           exists 1. split; [lra|]. intros z' _. rewrite <- EZ in *. destruct (Rle_dec (r z) (r z)) as [HB|HB]; [|exfalso; lra].
           destruct (Rle_dec z' (r z)); simpl; [ring|]. rewrite EQ. ring.
        -- destruct (eqb K _ _) eqn:EQ; [|discriminate]. destruct (ltb K (fst (fst p)) (fst (fst p2))) eqn:EL; [|discriminate]. simpl in E.
           inversion E; subst. apply (eqb_ok KR) in EQ. rewrite !toR_add, !toR_mul in EQ. apply (ltb_ok KR) in EL.
           exists (r (fst (fst p2)) - r z). split; [lra|]. intros z' Hz. apply Rabs_def2 in Hz. rewrite <- EZ in *.
           destruct (Rle_dec (r z) (r z)) as [HB|HB]; [|exfalso; lra]. destruct (Rle_dec z' (r z)); simpl; [ring|].
           destruct (Rle_dec z' (r (fst (fst p2)))) as [HC|HC]; [|exfalso; lra]. rewrite EQ. ring.
Qed.

Variables (bh bo : bool) (h : act t).
Definition hidT (W : list (list t)) (x : list t) := map (fun row => evT K h (dotT K row (extT K bh x))) W.
Lemma hidT_ok W x : rv (hidT W x) = hid bh (ra KR h) (rm KR W) (rv x).
Proof.
  unfold hidT, hid, rv at 1, rm. rewrite !map_map. apply map_ext. intros row. rewrite evT_ok, dotT_ok, extT_ok. reflexivity.
Qed.
Definition coT (out : list t) := if bo then hd z0 out else z0.
Definition voT (out : list t) := if bo then tl out else out.
Variable g : list t -> list t -> list t.
Definition resT (D : list (list t * list t)) out W : list (t * list t) :=
  map (fun d => (hd z0 (g [coT out +! dotT K (voT out) (hidT W (fst d))] (snd d)), fst d)) D.
Definition rE (E : list (t * list t)) : list (R * list R) := map (fun e => (r (fst e), rv (snd e))) E.

Definition itemT : Type := ((t * list t) * (t * (t * t)))%type.
Definition ri (q : itemT) : item := ((r (fst (fst q)), rv (snd (fst q))), (r (fst (snd q)), (r (fst (snd (snd q))), r (snd (snd (snd q)))))).
Fixpoint itemsT (row : list t) (E : list (t * list t)) (mus : list t) : option (list itemT) :=
  match E, mus with
  | [], [] => Some []
  | e :: E', mu :: mus' => match sidesT (fst h) (snd h) (dotT K row (extT K bh (snd e))), itemsT row E' mus' with
      | Some s, Some l => Some ((e, (mu, s)) :: l) | _, _ => None end
  | _, _ => None
  end.
Definition good_pos (q : itemT) : bool :=
  leb K (fst (snd q)) (fst (fst q) *! snd (snd (snd q))) && leb K (fst (fst q) *! fst (snd (snd q))) (fst (snd q)).
Definition good_neg (q : itemT) : bool :=
  leb K (fst (fst q) *! snd (snd (snd q))) (fst (snd q)) && leb K (fst (snd q)) (fst (fst q) *! fst (snd (snd q))).
Definition unitT (dim : nat) (E : list (t * list t)) (v : t) (row mus : list t) : bool :=
  eqb K (sumT K (fun e : t * list t => fst e *! evT K h (dotT K row (extT K bh (snd e)))) E) z0 &&
  match itemsT row E mus with
  | None => false
  | Some L =>
      forallb (fun q : itemT => (length (extT K bh (snd (fst q))) <=? dim)%nat) L &&
      forallb (fun m => eqb K (sumT K (fun q : itemT => fst (snd q) *! nth m (extT K bh (snd (fst q))) z0) L) z0) (seq 0 dim) &&
      (ltb K v z0 || forallb good_pos L) && (ltb K z0 v || forallb good_neg L)
  end.
Lemma itemsT_ok row : forall E mus L, itemsT row E mus = Some L -> map fst L = E /\
  forall q, In q L -> sides (ra KR h) (dot (rv row) (ext bh (rv (snd (fst q))))) (r (fst (snd (snd q)))) (r (snd (snd (snd q)))).
Proof.
  induction E as [|e E IH]; intros [|mu mus] L H; simpl in H; try discriminate.
  - inversion H; subst. simpl. split; auto. intros q [].
  - destruct (sidesT _ _ _) as [[sm sp]|] eqn:ES; [|discriminate]. destruct (itemsT row E mus) eqn:EI; [|discriminate].
    inversion H; subst. destruct (IH _ _ EI) as [I1 I2]. simpl. rewrite I1. split; auto. intros q [<-|Hq]; auto.
    simpl. apply sidesT_ok in ES. rewrite dotT_ok, extT_ok in ES. exact ES.
Qed.
Lemma unitT_ok dim E v row mus : unitT dim E v row mus = true -> unit_cond bh (ra KR h) (rE E) (r v) (rv row).
Proof.
  unfold unitT. intros H. apply andb_prop in H. destruct H as [HZ H]. destruct (itemsT row E mus) as [L|] eqn:EI; [|discriminate].
  apply andb_prop in H. destruct H as [H HN]. apply andb_prop in H. destruct H as [H HP]. apply andb_prop in H. destruct H as [HD HM].
  destruct (itemsT_ok _ _ _ _ EI) as [I1 I2]. rewrite forallb_forall in HD, HM.
  assert (Z : phiE bh (ra KR h) (rE E) (rv row) = 0).
  { apply (eqb_ok KR) in HZ. rewrite toR_zero, sumT_ok in HZ. unfold phiE, rE. rewrite sum_map. etransitivity; [|exact HZ]. apply sum_ext.
    intros e _. simpl. rewrite toR_mul, evT_ok, dotT_ok, extT_ok. reflexivity. }
  assert (M : forall m, sum (fun q => fst (snd q) * nth m (ext bh (snd (fst q))) 0) (map ri L) = 0).
  { intros m. rewrite sum_map. destruct (le_lt_dec dim m) as [Q|Q].
    - apply sum_0. intros q Hq. specialize (HD q Hq). apply Nat.leb_le in HD. simpl. rewrite nth_overflow; [ring|].
      rewrite <- extT_ok. unfold InteriorCheck.rv. rewrite map_length. lia.
    - assert (H3 : In m (seq 0 dim)) by (apply in_seq; lia). apply HM, (eqb_ok KR) in H3. rewrite toR_zero, sumT_ok in H3.
      etransitivity; [|exact H3]. apply sum_ext. intros q _. simpl. rewrite toR_mul, <- extT_ok. f_equal. rewrite <- (toR_zero KR). unfold InteriorCheck.rv. apply map_nth. }
  assert (GP : forallb good_pos L = true -> forall q, In q (map ri L) -> good bh (ra KR h) 1 (rv row) q).
  { intros G q Hq. rewrite forallb_forall in G. apply in_map_iff in Hq. destruct Hq as (q0 & <- & Hq). specialize (G q0 Hq). specialize (I2 q0 Hq).
    apply andb_prop in G. destruct G as [G1 G2]. apply (leb_ok KR) in G1, G2. rewrite toR_mul in G1, G2. split; [exact I2|]. simpl. lra. }
  assert (GN : forallb good_neg L = true -> forall q, In q (map ri L) -> good bh (ra KR h) (-1) (rv row) q).
  { intros G q Hq. rewrite forallb_forall in G. apply in_map_iff in Hq. destruct Hq as (q0 & <- & Hq). specialize (G q0 Hq). specialize (I2 q0 Hq).
    apply andb_prop in G. destruct G as [G1 G2]. apply (leb_ok KR) in G1, G2. rewrite toR_mul in G1, G2. split; [exact I2|]. simpl. lra. }
  assert (FE : map fst (map ri L) = rE E) by (rewrite <- I1; unfold rE; rewrite !map_map; reflexivity).
  destruct (ltb K v z0) eqn:V1; [|destruct (ltb K z0 v) eqn:V2].
  - apply (ltb_ok KR) in V1. rewrite toR_zero in V1. assert (V2 : ltb K z0 v = false).
    { destruct (ltb K z0 v) eqn:V2; auto. apply (ltb_ok KR) in V2. rewrite toR_zero in V2. lra. }
    rewrite V2 in HN. simpl in HN. apply (unit_cond_ok bh (ra KR h) _ _ _ [-1]); auto; [|right; left; simpl; auto].
    intros sg [<-|[]]. exists (map ri L). auto.
  - simpl in HP. apply (ltb_ok KR) in V2. rewrite toR_zero in V2. apply (unit_cond_ok bh (ra KR h) _ _ _ [1]); auto; [|left; simpl; auto].
    intros sg [<-|[]]. exists (map ri L). auto.
  - simpl in HP, HN. apply (unit_cond_ok bh (ra KR h) _ _ _ [1; -1]); auto; [|right; right; simpl; auto].
    intros sg [<-|[<-|[]]]; exists (map ri L); auto.
Qed.

(* the same by rays: phi is linear on each cone between the hyperplanes of the kinks *)
Variable shrink : list t -> list t.
Hypothesis shrink_ok : forall v, exists k, 0 < k /\ forall X, dot (rv (shrink v)) X = k * dot (rv v) X.
Fixpoint sided (row : list t) (E : list (t * list t)) : option (list ((t * list t) * (t * t))) :=
  match E with
  | [] => Some []
  | e :: E' => match sidesT (fst h) (snd h) (dotT K row (extT K bh (snd e))), sided row E' with
      | Some s, Some l => Some ((e, s) :: l) | _, _ => None end
  end.
Definition turnT (s : t * t) (d : t) : t := if leb K d z0 then fst s *! d else snd s *! d.
Definition bentT (L : list ((t * list t) * (t * t))) (delta : list t) : t :=
  sumT K (fun q : (t * list t) * (t * t) => fst (fst q) *! turnT (snd q) (dotT K delta (extT K bh (snd (fst q))))) L.
Definition bends (L : list ((t * list t) * (t * t))) : list (list t) :=
  map (fun q : (t * list t) * (t * t) => extT K bh (snd (fst q))) (filter (fun q : (t * list t) * (t * t) => negb (eqb K (fst (snd q)) (snd (snd q)))) L).
Definition kink_planes (dim : nat) (L : list ((t * list t) * (t * t))) : list (list t) :=
  distinct K (map (normal K shrink) (bends L ++ identity_matrix K dim)).
Definition unit_by_rays (dim : nat) (E : list (t * list t)) (v : t) (row : list t) : bool :=
  eqb K (sumT K (fun e : t * list t => fst e *! evT K h (dotT K row (extT K bh (snd e)))) E) z0 && (length row =? dim)%nat &&
  match sided row E with
  | None => false
  | Some L => forallb (fun ray => let s := bentT L ray in (ltb K v z0 || leb K z0 s) && (ltb K z0 v || leb K s z0))
      (rays_of K shrink (kink_planes dim L) (identity_matrix K dim))
  end.
Definition rq (q : (t * list t) * (t * t)) : (R * list R) * (R * R) := ((r (fst (fst q)), rv (snd (fst q))), (r (fst (snd q)), r (snd (snd q)))).
Lemma sided_ok row : forall E L, sided row E = Some L -> map fst (map rq L) = rE E /\
  forall q, In q (map rq L) -> sides (ra KR h) (dot (rv row) (ext bh (snd (fst q)))) (fst (snd q)) (snd (snd q)).
Proof.
  induction E as [|e E IH]; intros L H; simpl in H.
  - inversion H; subst. simpl. split; auto. intros q [].
  - destruct (sidesT _ _ _) as [[sm sp]|] eqn:ES; [|discriminate]. destruct (sided row E) eqn:EI; [|discriminate].
    inversion H; subst. destruct (IH _ eq_refl) as [I1 I2]. simpl. rewrite I1. split; auto. intros q [<-|Hq]; auto.
    simpl. apply sidesT_ok in ES. rewrite dotT_ok, extT_ok in ES. exact ES.
Qed.
Lemma bentT_ok L delta : r (bentT L delta) = bent bh (map rq L) (rv delta).
Proof.
  unfold bentT, bent. rewrite sumT_ok, sum_map. apply sum_ext. intros q _. rewrite toR_mul. cbn [rq fst snd]. f_equal. rewrite <- extT_ok, <- dotT_ok.
  unfold turnT, turn. cbn [fst snd]. destruct (Rle_dec _ 0) as [A|A]; destruct (leb K _ z0) eqn:B; rewrite ?toR_mul; auto; exfalso.
  - rewrite <- (toR_zero KR) in A. apply (leb_ok KR) in A. congruence.
  - apply A. rewrite <- (toR_zero KR). apply (leb_ok KR). auto.
Qed.
Lemma turn_sum {I} s (d : I -> R) ks (rs : list I) : let Z := wsum ks (map d rs) in
  (forall q, In q rs -> 0 <= Z * d q /\ (Z = 0 -> d q = 0)) -> turn s Z = wsum ks (map (fun q => turn s (d q)) rs).
Proof.
  intros Z H. unfold turn. destruct (Rle_dec Z 0) as [L|L].
  - rewrite (map_ext_in _ (fun q => fst s * d q + 0 * d q)); [rewrite wsum_lin; fold Z; ring|]. intros q Hq. destruct (H q Hq) as [H1 H2].
    destruct (Rle_dec (d q) 0) as [|L']; [ring|]. exfalso. destruct (Req_EM_T Z 0) as [E|E]; [specialize (H2 E); lra|nra].
  - rewrite (map_ext_in _ (fun q => snd s * d q + 0 * d q)); [rewrite wsum_lin; fold Z; ring|]. intros q Hq. destruct (H q Hq) as [H1 H2].
    destruct (Rle_dec (d q) 0) as [L'|]; [|ring]. assert (d q = 0) by nra. rewrite H0. ring.
Qed.
Lemma wsum_same {I} (d : I -> R) s ks (rs : list I) : fst s = snd s -> turn s (wsum ks (map d rs)) = wsum ks (map (fun q => turn s (d q)) rs).
Proof.
  intros E. assert (T : forall x, turn s x = fst s * x) by (intros x; unfold turn; rewrite <- E; destruct (Rle_dec x 0); auto).
  rewrite T, (map_ext (fun q => turn s (d q)) (fun q => fst s * d q + 0 * d q)); [rewrite wsum_lin; ring|]. intros q. rewrite T. ring.
Qed.
Lemma wsum_sum {I J} (f : J -> I -> R) ks (rs : list I) : forall S, sum (fun j => wsum ks (map (f j) rs)) S = wsum ks (map (fun q => sum (fun j => f j q) S) rs).
Proof.
  induction S as [|j S IH]; simpl.
  - clear. revert ks. induction rs as [|q rs IH]; intros [|k ks]; simpl; auto. rewrite <- IH. ring.
  - rewrite IH. clear. revert ks. induction rs as [|q rs IH]; intros [|k ks]; simpl; try ring. rewrite <- IH. ring.
Qed.
(* what holds on the rays holds in every direction *)
Lemma bent_by_rays dim L sg : (forall ray, In ray (rays_of K shrink (kink_planes dim L) (identity_matrix K dim)) -> 0 <= sg * bent bh (map rq L) (rv ray)) ->
  forall delta, length delta = dim -> 0 <= sg * bent bh (map rq L) delta.
Proof.
  intros H delta LD. set (I := identity_matrix K dim) in *. set (A := kink_planes dim L) in *.
  assert (SP : forall P, In P (bends L ++ I) -> forall f : list R, (exists Q, In Q A /\ exists k, k <> 0 /\ forall X, dot (rv Q) X = k * dot (rv P) X) \/ forall X, dot (rv P) X = 0).
  { intros P HP f. destruct (normal_ok K KR shrink shrink_ok P) as (k & Hk & N).
    destruct (distinct_ok K KR (normal K shrink P) (map (normal K shrink) (bends L ++ I)) (in_map _ _ _ HP)) as [Z|(Q & HQ & E)].
    - right. intros X. specialize (Z X). rewrite N in Z. apply Rmult_integral in Z. destruct Z; [contradiction|auto].
    - left. exists Q. split; auto. exists k. split; auto. intros X. rewrite E. auto. }
  assert (FR : full_rank (rm KR A) (rm KR I)).
  { intros ls LL Z. apply (identity_full K KR dim (rm KR (bends L ++ I))); auto.
    - intros P HP. unfold InteriorCheck.rm. apply in_map, in_or_app. auto.
    - intros P HP. apply (in_rm K KR) in HP. destruct HP as (P' & HP & ->).
      assert (D : forall X, dsum ls (rm KR I) X = dot ls X).
      { intros X. unfold I in *. rewrite (rm_length K KR), (identity_length K) in LL. rewrite <- LL. apply (identity_dsum K KR). }
      rewrite D. destruct (SP P' HP []) as [(Q & HQ & k & Hk & E)|Z0]; [|rewrite dot_comm; auto].
      assert (Z' : dot ls (rv Q) = 0) by (rewrite <- D; apply Z; unfold InteriorCheck.rm; apply in_map; auto).
      rewrite dot_comm, E in Z'. rewrite dot_comm. apply Rmult_integral in Z'. destruct Z'; [contradiction|auto]. }
  destruct (decomposition K KR shrink shrink_ok A I (identity_indep K KR dim) FR delta) as (ks & rs & LK & FK & E & HR).
  { unfold I. rewrite (identity_length K). auto. }
  assert (EU : forall X, dot delta X = wsum ks (map (fun ray => dot ray X) (rm KR rs))).
  { intros X. transitivity (dsum delta (rm KR I) X); [unfold I; rewrite <- LD; symmetry; apply (identity_dsum K KR)|]. rewrite E.
    clear. revert ks. induction rs as [|b rs IH]; intros [|k ks]; simpl; auto. fold (rm KR rs). rewrite IH. auto. }
  assert (BS : bent bh (map rq L) delta = wsum ks (map (bent bh (map rq L)) (rm KR rs))).
  { unfold bent at 2. rewrite <- wsum_sum. unfold bent. apply sum_ext. intros q Hq.
    assert (SC : forall (c : R) (f : list R -> R), wsum ks (map (fun ray => c * f ray) (rm KR rs)) = c * wsum ks (map f (rm KR rs))).
    { intros c f. rewrite (map_ext _ (fun ray => c * f ray + 0 * f ray)) by (intros; ring). rewrite wsum_lin. ring. }
    rewrite SC. f_equal. rewrite EU. destruct (Req_EM_T (fst (snd q)) (snd (snd q))) as [Eq|Ne]; [apply (wsum_same (fun ray => dot ray (ext bh (snd (fst q))))); auto|].
    apply (turn_sum (snd q) (fun ray => dot ray (ext bh (snd (fst q)))) ks (rm KR rs)). intros ray Hr. apply (in_rm K KR) in Hr. destruct Hr as (b & Hb & ->).
    apply in_map_iff in Hq. destruct Hq as (q0 & <- & Hq0). cbn [rq fst snd] in *. rewrite <- extT_ok, <- EU.
    assert (HP : In (extT K bh (snd (fst q0))) (bends L ++ I)).
    { apply in_or_app. left. unfold bends. apply in_map_iff. exists q0. split; auto. apply filter_In. split; auto. destruct (eqb K (fst (snd q0)) (snd (snd q0))) eqn:EE; auto.
      apply (eqb_ok KR) in EE. contradiction. }
    destruct (SP _ HP []) as [(Q & HQ & k & Hk & EQ)|Z0]; [|rewrite (dot_comm delta), (dot_comm (rv b)), !Z0; split; intros; lra].
    destruct (HR b Hb) as [_ C]. destruct (C (rv Q)) as [C1 C2]; [unfold InteriorCheck.rm; apply in_map; auto|].
    assert (D : dsum delta (rm KR I) (rv Q) = dot delta (rv Q)) by (unfold I; rewrite <- LD; apply (identity_dsum K KR)). rewrite D in *.
    rewrite (dot_comm delta), (dot_comm (rv b)) in *. rewrite !EQ in *. rewrite (dot_comm _ delta), (dot_comm _ (rv b)). rewrite (dot_comm _ delta), (dot_comm _ (rv b)) in C1, C2. split.
    - assert (0 < k * k) by nra. apply Rmult_le_reg_l with (k * k); auto. lra.
    - intros Z. rewrite Z in C2. assert (k * dot (rv b) (rv (extT K bh (snd (fst q0)))) = 0) by (apply C2; ring). apply Rmult_integral in H0. destruct H0; [contradiction|auto]. }
  rewrite BS. apply Rle_trans with (wsum ks (map (fun ray => sg * bent bh (map rq L) ray) (rm KR rs))).
  - apply wsum_ge0; auto. apply Forall_forall. intros v Hv. apply in_map_iff in Hv. destruct Hv as (ray & <- & Hr). apply (in_rm K KR) in Hr.
    destruct Hr as (b & Hb & ->). apply H. apply HR; auto.
  - right. rewrite (map_ext _ (fun ray => sg * bent bh (map rq L) ray + 0 * bent bh (map rq L) ray)) by (intros; ring). rewrite wsum_lin. ring.
Qed.
Lemma unit_by_rays_ok dim E v row : unit_by_rays dim E v row = true -> unit_cond bh (ra KR h) (rE E) (r v) (rv row).
Proof.
  unfold unit_by_rays. intros H. apply andb_prop in H. destruct H as [H HR]. apply andb_prop in H. destruct H as [HZ HL]. apply Nat.eqb_eq in HL.
  destruct (sided row E) as [L|] eqn:ES; [|discriminate]. destruct (sided_ok _ _ _ ES) as [I1 I2]. rewrite forallb_forall in HR.
  assert (Z : phiE bh (ra KR h) (rE E) (rv row) = 0).
  { apply (eqb_ok KR) in HZ. rewrite toR_zero, sumT_ok in HZ. unfold phiE, rE. rewrite sum_map. etransitivity; [|exact HZ]. apply sum_ext.
    intros e _. simpl. rewrite toR_mul, evT_ok, dotT_ok, extT_ok. reflexivity. }
  destruct (bent_near bh (ra KR h) (rv row) (map rq L) I2) as (e & He & N). rewrite I1, Z in N.
  assert (NEAR : forall sg, (forall ray, In ray (rays_of K shrink (kink_planes dim L) (identity_matrix K dim)) -> 0 <= sg * bent bh (map rq L) (rv ray)) ->
    exists e, 0 < e /\ forall row', close1 e (rv row) row' -> 0 <= sg * phiE bh (ra KR h) (rE E) row').
  { intros sg HS. exists e. split; auto. intros row' C. rewrite N by auto. rewrite Rplus_0_l. apply (bent_by_rays dim L sg HS).
    unfold vsub. assert (LL := close1_length _ _ _ C). unfold InteriorCheck.rv in LL. rewrite map_length in LL.
    rewrite vadd_length; [lia|]. unfold InteriorCheck.rv. rewrite !map_length. lia. }
  assert (POS : ltb K v z0 = false -> forall ray, In ray (rays_of K shrink (kink_planes dim L) (identity_matrix K dim)) -> 0 <= 1 * bent bh (map rq L) (rv ray)).
  { intros V ray Hr. specialize (HR ray Hr). apply andb_prop in HR. destruct HR as [HR _]. rewrite V in HR. simpl in HR. apply (leb_ok KR) in HR. rewrite toR_zero, bentT_ok in HR. lra. }
  assert (NEG : ltb K z0 v = false -> forall ray, In ray (rays_of K shrink (kink_planes dim L) (identity_matrix K dim)) -> 0 <= -1 * bent bh (map rq L) (rv ray)).
  { intros V ray Hr. specialize (HR ray Hr). apply andb_prop in HR. destruct HR as [_ HR]. rewrite V in HR. simpl in HR. apply (leb_ok KR) in HR. rewrite toR_zero, bentT_ok in HR. lra. }
  destruct (ltb K v z0) eqn:V1; [|destruct (ltb K z0 v) eqn:V2].
  - assert (V2 : ltb K z0 v = false).
    { destruct (ltb K z0 v) eqn:V2; auto. apply (ltb_ok KR) in V1, V2. rewrite toR_zero in V1, V2. lra. }
    apply (ltb_ok KR) in V1. rewrite toR_zero in V1. apply (unit_cond_signs bh (ra KR h) _ _ _ [-1]); auto; [|right; left; simpl; auto].
    intros sg [<-|[]]. auto.
  - apply (ltb_ok KR) in V2. rewrite toR_zero in V2. apply (unit_cond_signs bh (ra KR h) _ _ _ [1]); auto; [|left; simpl; auto].
    intros sg [<-|[]]. auto.
  - apply (unit_cond_signs bh (ra KR h) _ _ _ [1; -1]); auto; [|right; right; simpl; auto].
    intros sg [<-|[<-|[]]]; auto.
Qed.

(* for each unit multipliers, or None for the rays *)
Fixpoint unitsF dim E (vs : list t) (W : list (list t)) (mus : list (option (list t))) : bool :=
  match vs, W, mus with
  | [], [], [] => true
  | v :: vs', row :: W', mu :: mus' =>
      match mu with Some mu => unitT dim E v row mu | None => unit_by_rays dim E v row end && unitsF dim E vs' W' mus'
  | _, _, _ => false
  end.
Lemma unitsF_ok dim E : forall vs W mus, unitsF dim E vs W mus = true -> length vs = length W /\
  forall vr, In vr (combine (rv vs) (rm KR W)) -> unit_cond bh (ra KR h) (rE E) (fst vr) (snd vr).
Proof.
  induction vs as [|v vs IH]; intros [|row W] [|mu mus] H; simpl in H; try discriminate.
  - split; auto. intros vr [].
  - apply andb_prop in H. destruct H as [H1 H2]. destruct (IH _ _ H2) as [L I]. simpl. split; [lia|]. intros vr [<-|Hv]; auto.
    simpl. destruct mu; [eapply unitT_ok|eapply unit_by_rays_ok]; eauto.
Qed.
Definition isnilb {A} (l : list A) := match l with [] => true | _ => false end.
Definition check_face (dim : nat) (c : t) (D : list (list t * list t)) (out : list t) (W : list (list t)) (mus : list (option (list t))) : bool :=
  let res := resT D out W in
  leb K z0 c && (negb bo || negb (isnilb out) && eqb K (sumT K (fun e : t * list t => fst e) res) z0) &&
  forallb (fun d : list t * list t => (length (snd d) =? 1)%nat) D && unitsF dim res (voT out) W mus.
Theorem check_face_ok l L dim c D out W mus : means KR l g L -> check_face dim c D out W mus = true ->
  local_min (risk_of (value L) (r c) (rN KR [(bo, act_out K); (bh, h)]) (rD KR D)) (rp KR [[out]; W]).
Proof.
  unfold check_face. intros [_ HG] H. apply andb_prop in H. destruct H as [H HU]. apply andb_prop in H. destruct H as [H HY].
  apply andb_prop in H. destruct H as [Hc HB]. apply (leb_ok KR) in Hc. rewrite toR_zero in Hc. rewrite forallb_forall in HY.
  destruct (unitsF_ok _ _ _ _ _ HU) as [LL I].
  assert (EN : rN KR [(bo, act_out K); (bh, h)] = NF bh (ra KR h) bo).
  { unfold NF, outR, rN, act_out, ra. simpl. rewrite toR_one, toR_zero. reflexivity. }
  rewrite EN. assert (EV : vo bo (rv out) = rv (voT out)) by (unfold vo, voT; destruct bo; auto; destruct out; auto).
  assert (EC : co bo (rv out) = r (coT out)) by (unfold co, coT; destruct bo; [destruct out; simpl; auto|]; rewrite toR_zero; auto).
  assert (ER : map (fun d : list R * list R => (hd 0 (slope L [co bo (rv out) + dot (vo bo (rv out)) (hid bh (ra KR h) (rm KR W) (fst d))] (snd d)), fst d)) (rD KR D) = rE (resT D out W)).
  { unfold rD, rE, resT. rewrite !map_map. apply map_ext. intros d. cbn [fst snd]. f_equal.
    assert (EF : [co bo (rv out) + dot (vo bo (rv out)) (hid bh (ra KR h) (rm KR W) (rv (fst d)))] = rv [coT out +! dotT K (voT out) (hidT W (fst d))])
      by (transitivity [r (coT out +! dotT K (voT out) (hidT W (fst d)))]; [f_equal; rewrite toR_add, dotT_ok, hidT_ok, EC, EV|]; reflexivity).
    rewrite EF, <- HG. destruct (g _ _); simpl; [rewrite toR_zero|]; reflexivity. }
  apply (face_minimum bh (ra KR h) bo L (r c) (rD KR D) (rv out) (rm KR W)); auto.
  - rewrite EV. unfold InteriorCheck.rv, rm. rewrite !map_length. auto.
  - intros B. rewrite B in HB. simpl in HB. apply andb_prop in HB. destruct HB as [HB _]. destruct out; [discriminate|]. discriminate.
  - intros d Hd. unfold rD in Hd. apply in_map_iff in Hd. destruct Hd as (d0 & <- & Hd). cbn [snd]. unfold InteriorCheck.rv. rewrite map_length.
    apply Nat.eqb_eq, HY; auto.
  - intros B. rewrite ER. rewrite B in HB. simpl in HB. apply andb_prop in HB. destruct HB as [_ HB]. apply (eqb_ok KR) in HB.
    rewrite toR_zero, sumT_ok in HB. unfold rE. rewrite sum_map. exact HB.
  - rewrite ER, EV. exact I.
Qed.
End FaceCheck.
