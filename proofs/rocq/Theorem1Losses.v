(* Theorem 1 for Huber's loss, logistic loss and softmax cross-entropy: they are differentiable, and when their least risk
   over affine maps is attained. For the last two: just if probabilities strictly inside have the labels' moments. *)
Require Import Reals List Lra Lia Arith.
From Symverify Require Import Spec Losses Theorem1 InteriorMinimum LinearAlgebra Theorem1Proof AttainedMinimum.
Import ListNotations.
Open Scope R_scope.

Lemma term_le {I} (f : I -> R) S : (forall i, In i S -> 0 <= f i) -> forall i, In i S -> f i <= sum f S.
Proof.
  induction S as [|a S IH]; intros P i []; simpl.
  - subst. assert (0 <= sum f S) by (apply sum_pos; intros; apply P; right; auto). lra.
  - assert (f i <= sum f S) by (apply IH; auto; intros; apply P; right; auto). assert (0 <= f a) by (apply P; left; auto). lra.
Qed.
Lemma sum2_pos f : (forall a b, 0 <= f a b) -> forall u y, 0 <= sum2 f u y.
Proof. intros P. induction u as [|a u IH]; intros [|b y]; simpl; try lra. specialize (IH y). specialize (P a b). lra. Qed.
Lemma sum2_nth f : (forall a b, 0 <= f a b) -> forall u y k, length u = length y -> (k < length u)%nat -> f (nth k u 0) (nth k y 0) <= sum2 f u y.
Proof.
  intros P. induction u as [|a u IH]; intros [|b y] k L Hk; simpl in *; try lia. assert (P0 := sum2_pos f P u y). destruct k; [lra|].
  assert (P1 := P a b). assert (f (nth k u 0) (nth k y 0) <= sum2 f u y) by (apply IH; lia). lra.
Qed.
(* finitely many positive numbers *)
Lemma least_positive {I} (f : I -> R) S : (forall i, In i S -> 0 < f i) -> exists q, 0 < q /\ forall i, In i S -> q <= f i.
Proof.
  induction S as [|a S IH]; intros P; [exists 1; split; [lra|intros ? []]|]. destruct IH as (q & Hq & H); [intros; apply P; right; auto|].
  exists (Rmin q (f a)). split; [apply Rmin_pos; auto; apply P; left; auto|]. intros i [<-|Hi]; [apply Rmin_r|]. apply Rle_trans with q; [apply Rmin_l|auto].
Qed.
(* ---- Huber's loss ---- *)
Lemma huber_smooth d : 0 < d -> forall a h y, Rabs (huber1 d (a + h) y - huber1 d a y - h * huber1' d a y) <= h * h / 2.
Proof.
  intros Hd a h y. unfold huber1, huber1'. replace (a + h - y) with ((a - y) + h) by ring. generalize (a - y) as e. intros e.
  assert (S1 := Rle_0_sqr (e + d)). assert (S2 := Rle_0_sqr (e - d)). assert (S3 := Rle_0_sqr (e + h + d)). assert (S4 := Rle_0_sqr (e + h - d)). assert (S5 := Rle_0_sqr h). unfold Rsqr in *.
  apply Rabs_le. destruct (Rle_dec e (- d)), (Rle_dec (e + h) (- d)); repeat destruct (Rle_dec d _); try (exfalso; lra); split; nra.
Qed.
Lemma huber_differentiable d (Hd : 0 < d) m : differentiable (huber d Hd) m.
Proof.
  intros u v y L1 L2 L3 e He. exists (e / (dot v v + 1)). assert (P := dot_self v). split; [apply Rdiv_lt_0_compat; lra|]. intros t Ht.
  assert (E : Rabs (value (huber d Hd) (along u v t) y - value (huber d Hd) u y - t * dot (slope (huber d Hd) u y) v) <= t * t * dot v v / 2).
  { cbn [value slope huber by_output]. clear P Ht. revert u v y L1 L2 L3. induction m as [|m IH]; intros [|a u] [|b v] [|q y] L1 L2 L3; try discriminate; simpl.
    - replace (0 - 0 - t * 0) with 0 by ring. rewrite Rabs_R0. lra.
    - specialize (IH u v y ltac:(simpl in *; lia) ltac:(simpl in *; lia) ltac:(simpl in *; lia)). assert (Q := huber_smooth d Hd a (t * b) q).
      match goal with |- Rabs ?X <= _ => replace X with ((huber1 d (a + t * b) q - huber1 d a q - t * b * huber1' d a q) + (sum2 (huber1 d) (along u v t) y - sum2 (huber1 d) u y - t * dot (map2 (huber1' d) u y) v)) by ring end.
      apply Rle_trans with (1 := Rabs_triang _ _). lra. }
  apply Rle_trans with (1 := E). assert (A := Rabs_pos t).
  assert (TT : t * t = Rabs t * Rabs t) by (rewrite <- Rabs_mult; rewrite Rabs_right; [auto|apply Rle_ge, Rle_0_sqr]). rewrite TT.
  apply Rle_trans with (Rabs t * (Rabs t * (dot v v + 1))); [nra|]. rewrite (Rmult_comm e). apply Rmult_le_compat_l; auto.
  apply Rle_trans with (e / (dot v v + 1) * (dot v v + 1)); [apply Rmult_le_compat_r; lra|right; field; lra].
Qed.
Lemma huber_stationary d (Hd : 0 < d) m : stationary_only_at_target (huber d Hd) m.
Proof.
  intros u y. cbn [slope huber by_output]. apply (by_slope (huber1' d)). intros a b. unfold huber1'. destruct (Rle_dec (a - b) (- d)); [|destruct (Rle_dec d (a - b))]; intros; lra.
Qed.
Lemma huber_below d a y : 0 < d -> 0 <= huber1 d a y /\ d * Rabs (a - y) - d * d / 2 <= huber1 d a y.
Proof.
  intros Hd. unfold huber1. generalize (a - y). intros e. assert (S1 := Rle_0_sqr e). assert (S2 := Rle_0_sqr (e - d)). assert (S3 := Rle_0_sqr (e + d)). unfold Rsqr in *.
  destruct (Rle_dec e (- d)); [rewrite Rabs_left1 by lra; nra|]. destruct (Rle_dec d e); [rewrite Rabs_right by lra; nra|].
  split; [lra|]. unfold Rabs. destruct (Rcase_abs e); nra.
Qed.
Lemma huber_attains d (Hd : 0 < d) m n (D : list (list R * list R)) : (forall s, In s D -> length (fst s) = n /\ length (snd s) = m) ->
  attains_over_affine_maps (huber d Hd) m n D.
Proof.
  intros HD. assert (P : forall a b, 0 <= huber1 d a b) by (intros; apply huber_below; auto).
  assert (PV : forall A s, In s D -> 0 <= value (huber d Hd) (affine_map A (fst s)) (snd s)) by (intros; apply (sum2_pos _ P)).
  apply attained; auto.
  - exists 0. intros A _. apply sum_pos. auto.
  - intros B. set (big := sum (fun s : list R * list R => sum Rabs (snd s)) D). exists (big + (B + d * d / 2) / d). intros A [LA RA] HB. exists A. split; [split; auto|]. split; [lra|].
    intros s k Hs Hk. destruct (HD s Hs) as [_ Ly].
    assert (V : huber1 d (nth k (affine_map A (fst s)) 0) (nth k (snd s) 0) <= B).
    { apply Rle_trans with (2 := HB). apply Rle_trans with (value (huber d Hd) (affine_map A (fst s)) (snd s)); [|apply (term_le _ D (PV A) s Hs)].
      apply (sum2_nth _ P); rewrite affine_map_length; lia. }
    assert (Y : Rabs (nth k (snd s) 0) <= big).
    { apply Rle_trans with (sum Rabs (snd s)); [apply (term_le Rabs (snd s) (fun _ _ => Rabs_pos _)), nth_In; lia|].
      apply (term_le (fun s : list R * list R => sum Rabs (snd s)) D); auto. intros. apply sum_pos. intros. apply Rabs_pos. }
    set (a := nth k (affine_map A (fst s)) 0) in *. set (y := nth k (snd s) 0) in *. destruct (huber_below d a y Hd) as [_ LB].
    assert (X : Rabs (a - y) <= (B + d * d / 2) / d) by (apply Rmult_le_reg_l with d; [auto|]; replace (d * ((B + d * d / 2) / d)) with (B + d * d / 2) by (field; lra); lra).
    replace a with (y + (a - y)) by ring. apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.
Corollary theorem1_huber : theorem1_huber_statement.
Proof.
  intros delta Hd c d m h H HL D Hc HW HD NF. apply (theorem1 (huber delta Hd) c d m h H HL D); auto.
  - apply huber_differentiable.
  - apply huber_stationary.
  - apply huber_attains, HD.
Qed.

Lemma nth_repeat_lt (a : R) n k : (k < n)%nat -> nth k (repeat a n) 0 = a.
Proof. revert k. induction n; intros k Hk; [lia|]. destruct k; simpl; auto. apply IHn. lia. Qed.
Lemma sumn_pos m : forall f, (forall i, (i < m)%nat -> 0 <= f i) -> 0 <= sumn m f.
Proof.
  induction m as [|m IH]; intros f P; simpl; [lra|]. assert (0 <= sumn m (fun k => f (S k))) by (apply IH; intros; apply P; lia).
  assert (0 <= f 0%nat) by (apply P; lia). lra.
Qed.
Lemma sumn_term m : forall f j, (j < m)%nat -> (forall i, (i < m)%nat -> 0 <= f i) -> f j <= sumn m f.
Proof.
  induction m as [|m IH]; intros f j Hj P; [lia|]. simpl. assert (T : 0 <= sumn m (fun k => f (S k))) by (apply sumn_pos; intros; apply P; lia).
  destruct j; [lra|]. assert (f (S j) <= sumn m (fun k => f (S k))) by (apply (IH (fun k => f (S k)) j); [lia|intros; apply P; lia]). assert (0 <= f 0%nat) by (apply P; lia). lra.
Qed.

(* ---- losses that depend on the label by a linear term: labels with the same moments have the same risk, up to a constant ---- *)
Definition linear_in_label (L : convex_loss) : Prop := forall u y p, length u = length y -> length u = length p -> value L u y = value L u p + dot p u - dot y u.
Lemma same_risk L m d D p A : linear_in_label L -> (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> (forall s, In s D -> length (p s) = m) ->
  same_moments m D p -> sized m d A -> affine_total L D A = sum (fun s => value L (affine_map A (fst s)) (p s)) D.
Proof.
  intros LL HD HP MO [LA RA]. unfold affine_total.
  transitivity (sum (fun s => value L (affine_map A (fst s)) (p s) + (dot (p s) (affine_map A (fst s)) - dot (snd s) (affine_map A (fst s)))) D).
  { apply sum_ext. intros s Hs. rewrite (LL _ (snd s) (p s)); rewrite ?affine_map_length; [ring|destruct (HD s Hs); congruence|rewrite HP by auto; congruence]. }
  rewrite sum_plus. replace (sum (fun s => dot (p s) (affine_map A (fst s)) - dot (snd s) (affine_map A (fst s))) D) with 0; [ring|]. symmetry.
  transitivity (sum (fun s => sumn m (fun k => (nth k (p s) 0 - nth k (snd s) 0) * nth k (affine_map A (fst s)) 0)) D).
  { apply sum_ext. intros s _. rewrite !(dot_sumn m) by (rewrite affine_map_length; auto). clear. induction m as [|m IH] in s |- *; simpl; [ring|].
    assert (G : forall n (f g h : nat -> R), sumn n (fun k => f k * h k) - sumn n (fun k => g k * h k) = sumn n (fun k => (f k - g k) * h k)).
    { induction n; intros; simpl; [ring|]. rewrite <- IHn. ring. }
    rewrite <- (G m (fun k => nth (S k) (p s) 0) (fun k => nth (S k) (snd s) 0) (fun k => nth (S k) (affine_map A (fst s)) 0)). ring. }
  rewrite sum_sumn. apply sumn_zero. intros k Hk. transitivity (sum (fun s => (nth k (p s) 0 - nth k (snd s) 0) * dot (nth k A []) (1 :: fst s)) D).
  { apply sum_ext. intros s _. rewrite affine_map_nth by lia. auto. }
  apply kill_comb. intros j. apply MO. auto.
Qed.

(* ---- logistic loss ---- *)
Lemma logistic_derivative a y : derivable_pt_lim (fun a => logistic1 a y) a (logistic1' a y).
Proof.
  unfold logistic1, logistic1', sigmoid. apply derivable_pt_lim_minus.
  - replace (exp a / (1 + exp a)) with (/ (1 + exp a) * (0 + exp a)) by (field; assert (P := exp_pos a); lra).
    apply (derivable_pt_lim_comp (fun a => 1 + exp a) ln).
    + apply (derivable_pt_lim_plus (fct_cte 1) exp); [apply derivable_pt_lim_const|apply derivable_pt_lim_exp].
    + apply derivable_pt_lim_ln. assert (P := exp_pos a). lra.
  - replace y with (0 * a + y * 1) at 2 by ring. apply (derivable_pt_lim_mult (fct_cte y) id); [apply derivable_pt_lim_const|apply derivable_pt_lim_id].
Qed.
(* a sum over the outputs of functions with derivatives is differentiable *)
Lemma by_output_differentiable f df H m : (forall a y, derivable_pt_lim (fun a => f a y) a (df a y)) -> differentiable (by_output f df H) m.
Proof.
  intros DF u. cbn [value slope by_output]. revert u. induction m as [|m IH]; intros [|a u] [|b v] [|q y] L1 L2 L3 e He; try discriminate.
  - exists 1. split; [lra|]. intros t _. simpl. replace (0 - 0 - t * 0) with 0 by ring. rewrite Rabs_R0. assert (P := Rabs_pos t). nra.
  - destruct (IH u v y ltac:(simpl in *; lia) ltac:(simpl in *; lia) ltac:(simpl in *; lia) (e / 2)) as (e1 & P1 & H1); [lra|].
    assert (AB := Rabs_pos b). destruct (DF a q (e / (2 * (Rabs b + 1)))) as ([e2 P2] & H2); [apply Rdiv_lt_0_compat; lra|]. cbn in H2.
    exists (Rmin e1 (e2 / (Rabs b + 1))). split; [apply Rmin_pos; [auto|apply Rdiv_lt_0_compat; lra]|]. intros t Ht.
    assert (M1 := Rmin_l e1 (e2 / (Rabs b + 1))). assert (M2 := Rmin_r e1 (e2 / (Rabs b + 1))). specialize (H1 t ltac:(lra)). simpl.
    assert (X : Rabs (f (a + t * b) q - f a q - t * b * df a q) <= e / 2 * Rabs t).
    { destruct (Req_EM_T (t * b) 0) as [Z|N].
      - rewrite Z. replace (f (a + 0) q - f a q - 0 * df a q) with 0 by (rewrite Rplus_0_r; ring). rewrite Rabs_R0. assert (P := Rabs_pos t). nra.
      - assert (SM : Rabs (t * b) < e2).
        { rewrite Rabs_mult. apply Rle_lt_trans with (Rabs t * (Rabs b + 1)); [apply Rmult_le_compat_l; [apply Rabs_pos|lra]|].
          replace e2 with (e2 / (Rabs b + 1) * (Rabs b + 1)) by (field; lra). apply Rmult_lt_compat_r; lra. }
        specialize (H2 (t * b) N SM).
        replace (f (a + t * b) q - f a q - t * b * df a q) with (t * b * ((f (a + t * b) q - f a q) / (t * b) - df a q)) by (set (w := t * b) in *; field; exact N).
        rewrite Rabs_mult. apply Rle_trans with (Rabs (t * b) * (e / (2 * (Rabs b + 1)))); [apply Rmult_le_compat_l; [apply Rabs_pos|lra]|].
        rewrite Rabs_mult. assert (P := Rabs_pos t). replace (e / 2 * Rabs t) with (Rabs t * (Rabs b + 1) * (e / (2 * (Rabs b + 1)))) by (field; lra).
        apply Rmult_le_compat_r; [apply Rlt_le, Rdiv_lt_0_compat; lra|]. apply Rmult_le_compat_l; lra. }
    match goal with |- Rabs ?X <= _ => replace X with ((f (a + t * b) q - f a q - t * b * df a q) + (sum2 f (along u v t) y - sum2 f u y - t * dot (map2 df u y) v)) by ring end.
    apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.
Lemma logistic_linear : linear_in_label logistic.
Proof.
  intros u. cbn [value logistic by_output]. induction u as [|a u IH]; intros [|b y] [|c p] L1 L2; try discriminate; simpl; [ring|].
  rewrite (IH y p) by (simpl in *; lia). unfold logistic1. ring.
Qed.
(* log(1 + e^a) - p a >= min(p, 1 - p) |a| *)
Lemma logistic_below p a q : q <= p -> q <= 1 - p -> q * Rabs a <= logistic1 a p.
Proof.
  intros Q1 Q2. unfold logistic1. assert (E := exp_pos a).
  assert (L0 : 0 <= ln (1 + exp a)) by (rewrite <- ln_1; left; apply ln_increasing; lra).
  assert (L1 : a <= ln (1 + exp a)) by (rewrite <- (ln_exp a) at 1; left; apply ln_increasing; lra).
  unfold Rabs. destruct (Rcase_abs a); nra.
Qed.
Lemma sigmoid_inside a : 0 < sigmoid a < 1.
Proof.
  assert (E := exp_pos a). unfold sigmoid. split; [apply Rdiv_lt_0_compat; lra|].
  apply Rmult_lt_reg_r with (1 + exp a); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
Qed.
(* the slopes of a best affine map are p - y, with p its probabilities: they have the moments *)
Lemma moments_of_best L m d D (predict : list R -> list R) : differentiable L m -> (forall u y, slope L u y = map2 Rminus (predict u) y) ->
  (forall u, length (predict u) = length u) -> (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  forall A, sized m d A -> (forall B, sized m d B -> affine_total L D A <= affine_total L D B) -> same_moments m D (fun s => predict (affine_map A (fst s))).
Proof.
  intros DL SL LP HD A SA HB k j Hk. etransitivity; [|exact (stationary L d m D A DL HD SA HB k Hk j)]. apply sum_ext. intros s Hs. f_equal.
  destruct (HD s Hs) as [_ Ly]. destruct SA as [LA _]. rewrite SL, nth_map2; auto; rewrite ?LP, ?affine_map_length; lia.
Qed.
Lemma logistic_differentiable m : differentiable logistic m.
Proof. apply by_output_differentiable. apply logistic_derivative. Qed.
Lemma logistic_slope u y : slope logistic u y = map2 Rminus (map sigmoid u) y.
Proof. cbn [slope logistic by_output]. revert y. induction u as [|a u IH]; intros [|b y]; simpl; auto. rewrite IH. reflexivity. Qed.
Theorem attained_logistic : attained_logistic_statement.
Proof.
  intros d m D HD. split.
  - intros (A & SA & HB). exists (fun s => map sigmoid (affine_map A (fst s))). split.
    + apply (moments_of_best logistic m d D (map sigmoid) (logistic_differentiable m)); auto; [intros; apply logistic_slope|intros; apply map_length].
    + intros s _. split; [rewrite map_length, affine_map_length; apply SA|]. split; intros a Ha; [|apply in_map_iff in Ha; destruct Ha as (b & <- & Ha)];
        apply in_map_iff in Ha; destruct Ha as (e & <- & _); assert (X := sigmoid_inside e); lra.
  - intros (p & MO & HP).
    destruct (least_positive (fun sk : (list R * list R) * nat => Rmin (nth (snd sk) (p (fst sk)) 0) (1 - nth (snd sk) (p (fst sk)) 0)) (list_prod D (seq 0 m))) as (q & Hq & HM).
    { intros [s k] Hin. apply in_prod_iff in Hin. destruct Hin as [Hs Hk]. apply in_seq in Hk. cbn [fst snd]. destruct (HP s Hs) as (Lp & P1 & P2).
      assert (I : In (nth k (p s) 0) (p s)) by (apply nth_In; lia). apply Rmin_pos; [apply P1; auto|apply P2, in_map; auto]. }
    assert (HM' : forall s k, In s D -> (k < m)%nat -> q <= nth k (p s) 0 /\ q <= 1 - nth k (p s) 0).
    { intros s k Hs Hk. assert (X := HM (s, k) ltac:(apply in_prod; [auto|apply in_seq; lia])). cbn [fst snd] in X.
      assert (M1 := Rmin_l (nth k (p s) 0) (1 - nth k (p s) 0)). assert (M2 := Rmin_r (nth k (p s) 0) (1 - nth k (p s) 0)). lra. }
    assert (TERM : forall u v k, length u = length v -> (forall k, (k < length u)%nat -> q <= nth k v 0 /\ q <= 1 - nth k v 0) -> 
       0 <= sum2 logistic1 u v /\ ((k < length u)%nat -> q * Rabs (nth k u 0) <= sum2 logistic1 u v)).
    { induction u as [|a u IH]; intros [|b v] k L H; try discriminate; simpl; [split; [lra|lia]|]. destruct (H 0%nat ltac:(simpl; lia)) as [H1 H2]. cbn [nth] in H1, H2.
      assert (X := logistic_below b a q H1 H2). assert (Y := Rabs_pos a). assert (Y' : 0 <= q * Rabs a) by (apply Rmult_le_pos; lra).
      destruct (IH v (pred k)) as [I1 I2]; [simpl in L; lia|intros i Hi; apply (H (S i)); simpl; lia|]. split; [lra|]. intros Hk. destruct k; [lra|]. cbn [pred] in I2. specialize (I2 ltac:(lia)). lra. }
    assert (TM : forall A s k, sized m d A -> In s D -> 0 <= value logistic (affine_map A (fst s)) (p s) /\ ((k < m)%nat -> q * Rabs (nth k (affine_map A (fst s)) 0) <= value logistic (affine_map A (fst s)) (p s))).
    { intros A s k [LA _] Hs. destruct (HP s Hs) as (Lp & _). rewrite <- LA at 1. rewrite <- (affine_map_length A (fst s)). apply TERM; rewrite affine_map_length; [congruence|]. rewrite LA. auto. }
    assert (TOT : forall A, sized m d A -> affine_total logistic D A = sum (fun s => value logistic (affine_map A (fst s)) (p s)) D).
    { intros. apply (same_risk logistic m d); auto using logistic_linear. intros s Hs. apply HP; auto. }
    apply attained; auto.
    + exists 0. intros A SA. rewrite TOT by auto. apply sum_pos. intros s Hs. apply (TM A s 0%nat); auto.
    + intros B. exists (B / q). intros A SA HB. exists A. split; [auto|]. split; [lra|]. intros s k Hs Hk. rewrite TOT in HB by auto.
      assert (X := proj2 (TM A s k SA Hs) Hk). assert (Y := term_le _ D (fun s Hs => proj1 (TM A s 0%nat SA Hs)) s Hs). cbv beta in Y.
      apply Rmult_le_reg_l with q; [auto|]. replace (q * (B / q)) with B by (field; lra). lra.
Qed.
Corollary theorem1_logistic : theorem1_logistic_statement.
Proof.
  intros c d m h H HL D Hc HW HD MO NS. apply (theorem1_general logistic c d m h H HL D); auto.
  - apply logistic_differentiable.
  - apply attained_logistic; [apply HD|auto].
  - intros A SA. destruct (NS A SA) as (s & k & Hs & Hk & N). exists s, k. split; [auto|]. split; [auto|]. cbn [slope logistic by_output].
    destruct (proj1 HD s Hs) as [_ Ly]. destruct SA as [LA RA]. rewrite nth_map2 by (unfold affine_map; rewrite ?map_length; lia). unfold logistic1'. lra.
Qed.

(* ---- softmax cross-entropy ---- *)
Lemma sum_exp_above_each u k : (k < length u)%nat -> nth k u 0 <= ln (sum_exp u).
Proof.
  intros Hk. rewrite <- (ln_exp (nth k u 0)). assert (X : exp (nth k u 0) <= sum_exp u).
  { revert k Hk. induction u as [|a u IH]; intros k Hk; simpl in *; [lia|]. assert (N := sum_exp_nonnegative u). assert (E := exp_pos a). destruct k; [lra|]. assert (exp (nth k u 0) <= sum_exp u) by (apply IH; lia). lra. }
  assert (E := exp_pos (nth k u 0)). destruct (Rle_lt_or_eq_dec _ _ X) as [L|Q]; [left; apply ln_increasing; auto|right; f_equal; auto].
Qed.
Lemma softmax_length u : length (softmax u) = length u.
Proof. apply map_length. Qed.
Lemma dot_ones u : dot u (repeat 1 (length u)) = sum (fun a => a) u.
Proof. induction u as [|a u IH]; simpl; [auto|]. rewrite IH. ring. Qed.
Lemma softmax_inside u : u <> [] -> positive (softmax u) /\ dot (softmax u) (repeat 1 (length u)) = 1.
Proof.
  intros N. assert (S := sum_exp_positive u N). split.
  - intros a Ha. apply in_map_iff in Ha. destruct Ha as (b & <- & _). apply Rdiv_lt_0_compat; auto using exp_pos.
  - rewrite <- softmax_length at 1. rewrite dot_ones. unfold softmax. rewrite sum_map.
    transitivity (sum_exp u / sum_exp u); [|field; lra]. generalize (sum_exp u) at 1 3. intros T. clear. induction u as [|a u IH]; simpl; [unfold Rdiv; ring|]. rewrite IH. unfold Rdiv. ring.
Qed.
Lemma softmax_below_1 u : (1 < length u)%nat -> forall a, In a (softmax u) -> 0 < a < 1.
Proof.
  intros L a Ha. destruct (softmax_inside u) as [P O]; [destruct u; [simpl in L; lia|discriminate]|]. split; [auto|]. rewrite <- softmax_length, dot_ones in O. rewrite <- softmax_length in L.
  destruct (in_split a (softmax u) Ha) as (l & r & E). assert (G : forall v, positive v -> v <> [] -> 0 < sum (fun a => a) v).
  { induction v as [|b v IH]; intros Pv N; [congruence|]. simpl. assert (0 < b) by (apply Pv; left; auto). destruct v as [|c v]; [simpl; lra|]. assert (0 < sum (fun a => a) (c :: v)) by (apply IH; [intros x Hx; apply Pv; right; auto|discriminate]). lra. }
  assert (SP : forall l r : list R, sum (fun a => a) (l ++ r) = sum (fun a => a) l + sum (fun a => a) r) by (induction l0; intros; simpl; [ring|rewrite IHl0; ring]).
  rewrite E in O, L, P. rewrite SP in O. simpl in O. rewrite app_length in L. simpl in L.
  assert (Gl : 0 <= sum (fun a => a) l) by (apply sum_pos; intros; apply Rlt_le, P, in_or_app; auto).
  assert (Gr : 0 <= sum (fun a => a) r) by (apply sum_pos; intros; apply Rlt_le, P, in_or_app; right; right; auto).
  destruct l as [|b l]; [destruct r as [|b r]; [simpl in L; lia|]|].
  - assert (0 < sum (fun a => a) (b :: r)) by (apply G; [intros x Hx; apply P, in_or_app; right; right; auto|discriminate]). lra.
  - assert (0 < sum (fun a => a) (b :: l)) by (apply G; [intros x Hx; apply P, in_or_app; auto|discriminate]). lra.
Qed.
(* log sum e^u - <p, u> >= p_j (u_k - u_j) for probabilities p *)
Lemma cross_entropy_below p u j k : length p = length u -> positive p -> dot p (repeat 1 (length u)) = 1 -> (j < length u)%nat -> (k < length u)%nat ->
  nth j p 0 * (nth k u 0 - nth j u 0) <= value cross_entropy u p.
Proof.
  intros L P O Hj Hk. cbn [value cross_entropy]. set (M := ln (sum_exp u)).
  assert (A : forall k, (k < length u)%nat -> nth k u 0 <= M) by (intros; apply sum_exp_above_each; auto).
  assert (E : M - dot p u = sumn (length u) (fun i => nth i p 0 * (M - nth i u 0))).
  { rewrite (dot_sumn (length u) p (repeat 1 (length u))) in O by apply repeat_length. rewrite (dot_sumn (length u) p u) by auto.
    assert (G : forall n (f g : nat -> R), M * sumn n (fun i => f i * 1) - sumn n (fun i => f i * g i) = sumn n (fun i => f i * (M - g i))).
    { induction n; intros f g; simpl; [ring|]. rewrite <- (IHn (fun i => f (S i)) (fun i => g (S i))). ring. }
    rewrite <- G. replace (sumn (length u) (fun i => nth i p 0 * 1)) with 1; [ring|]. etransitivity; [symmetry; exact O|]. apply sumn_ext. intros i Hi. rewrite nth_repeat_lt by auto. ring. }
  rewrite E. assert (T : nth j p 0 * (M - nth j u 0) <= sumn (length u) (fun i => nth i p 0 * (M - nth i u 0))).
  { apply (sumn_term (length u) (fun i => nth i p 0 * (M - nth i u 0)) j); auto. intros i Hi. specialize (A i Hi). assert (0 < nth i p 0) by (apply P, nth_In; lia). nra. }
  specialize (A k Hk). assert (0 < nth j p 0) by (apply P, nth_In; lia). nra.
Qed.
Lemma cross_entropy_linear : linear_in_label cross_entropy.
Proof. intros u y p _ _. cbn [value cross_entropy]. ring. Qed.
Lemma cross_entropy_differentiable m : differentiable cross_entropy m.
Proof.
  intros u v y L1 L2 L3 e He. cbn [value slope cross_entropy]. rewrite dot_map2_minus by (rewrite softmax_length; congruence).
  assert (ES : forall t, dot y (along u v t) = dot y u + t * dot y v).
  { intros t. revert m v y L1 L2 L3. clear. induction u as [|a u IH]; intros m [|b v] [|q y] L1 L2 L3; simpl in *; try (subst; discriminate); try ring. destruct m; [discriminate|]. rewrite (IH m v y) by lia. ring. }
  destruct u as [|a0 u0] eqn:EU.
  { exists 1. split; [lra|]. intros t _. rewrite ES. destruct v, y; try (subst; discriminate). simpl. match goal with |- Rabs ?X <= _ => replace X with 0 by ring end. rewrite Rabs_R0. apply Rmult_le_pos; [lra|apply Rabs_pos]. }
  rewrite <- EU in *. assert (S := sum_exp_positive u ltac:(subst; discriminate)).
  assert (DE : derivable_pt_lim (fun t => sum_exp (along u v t)) 0 (dot (map exp u) v)).
  { clear - L1 L2. revert m v L1 L2. induction u as [|a u IH]; intros m [|b v] L1 L2; simpl in *; try (subst; discriminate).
    - apply derivable_pt_lim_const.
    - destruct m; [discriminate|]. apply (derivable_pt_lim_plus (fun t => exp (a + t * b)) (fun t => sum_exp (along u v t))); [|apply (IH m); lia].
      assert (DA : derivable_pt_lim (fun t => a + t * b) 0 b).
      { intros eps He. exists (mkposreal 1 Rlt_0_1). intros h Hh _. replace ((a + (0 + h) * b - (a + 0 * b)) / h - b) with 0 by (field; auto). rewrite Rabs_R0. auto. }
      assert (X := derivable_pt_lim_comp (fun t => a + t * b) exp 0 b (exp (a + 0 * b)) DA (derivable_pt_lim_exp _)). rewrite Rmult_0_l, Rplus_0_r in X. exact X. }
  assert (A0 : along u v 0 = u) by (apply along_0; congruence).
  assert (DL : derivable_pt_lim (fun t => ln (sum_exp (along u v t))) 0 (dot (softmax u) v)).
  { unfold softmax. rewrite dot_softmax_over. unfold Rdiv. rewrite Rmult_comm. apply (derivable_pt_lim_comp (fun t => sum_exp (along u v t)) ln); [exact DE|]. rewrite A0. apply derivable_pt_lim_ln. auto. }
  destruct (DL e He) as ([e' He'] & H). cbn in H. exists e'. split; auto. intros t Ht. rewrite ES.
  destruct (Req_EM_T t 0) as [->|N]; [rewrite A0, Rabs_R0; match goal with |- Rabs ?X <= _ => replace X with 0 by ring end; rewrite Rabs_R0; lra|].
  specialize (H t N Ht). rewrite Rplus_0_l, A0 in H.
  match goal with |- Rabs ?X <= _ => replace X with (t * ((ln (sum_exp (along u v t)) - ln (sum_exp u)) / t - dot (softmax u) v)) by (field; auto) end.
  rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos|lra].
Qed.
(* a constant in all outputs changes nothing where the labels sum to 1: the first row may be taken off *)
Lemma cross_entropy_gauge g : forall u y, u <> [] -> dot y (repeat 1 (length u)) = 1 -> value cross_entropy (map (fun a => a - g) u) y = value cross_entropy u y.
Proof.
  intros u y N O. cbn [value cross_entropy].
  assert (E1 : sum_exp (map (fun a => a - g) u) = exp (- g) * sum_exp u).
  { clear. induction u as [|a u IH]; simpl; [ring|]. rewrite IH. unfold Rminus. rewrite exp_plus. ring. }
  assert (E2 : dot y (map (fun a => a - g) u) = dot y u - g * dot y (repeat 1 (length u))).
  { clear. revert y. induction u as [|a u IH]; intros [|b y]; simpl; try ring. rewrite IH. ring. }
  rewrite E1, E2, O, ln_mult, ln_exp by (auto using exp_pos, sum_exp_positive). ring.
Qed.
Theorem attained_softmax : attained_softmax_statement.
Proof.
  intros d m D HD CL. split.
  - intros (A & SA & HB). exists (fun s => softmax (affine_map A (fst s))). split.
    + apply (moments_of_best cross_entropy m d D softmax (cross_entropy_differentiable m)); auto. intros; apply softmax_length.
    + intros s Hs. rewrite softmax_length, affine_map_length. destruct SA as [LA RA]. split; auto. rewrite <- LA, <- (affine_map_length A (fst s)). apply softmax_inside.
      specialize (CL s Hs). destruct A; [simpl in LA; subst; rewrite dot_nil_r in CL; lra|discriminate].
  - intros (p & MO & HP). destruct m as [|m].
    { exists []. split; [split; [auto|intros ? []]|]. intros [|] [L _]; [right; auto|discriminate]. }
    destruct (least_positive (fun sk : (list R * list R) * nat => nth (snd sk) (p (fst sk)) 0) (list_prod D (seq 0 (S m)))) as (q & Hq & HM).
    { intros [s k] Hin. apply in_prod_iff in Hin. destruct Hin as [Hs Hk]. apply in_seq in Hk. cbn [fst snd]. destruct (HP s Hs) as (Lp & P1 & _). apply P1, nth_In. lia. }
    assert (HM' : forall s k, In s D -> (k < S m)%nat -> q <= nth k (p s) 0) by (intros s k Hs Hk; apply (HM (s, k)), in_prod; [auto|apply in_seq; lia]).
    assert (TM : forall A s j k, sized (S m) d A -> In s D -> (j < S m)%nat -> (k < S m)%nat ->
      nth j (p s) 0 * (nth k (affine_map A (fst s)) 0 - nth j (affine_map A (fst s)) 0) <= value cross_entropy (affine_map A (fst s)) (p s)).
    { intros A s j k [LA _] Hs Hj Hk. destruct (HP s Hs) as (Lp & P1 & P2). apply cross_entropy_below; rewrite ?affine_map_length, ?LA; auto. }
    assert (T0 : forall A, sized (S m) d A -> forall s, In s D -> 0 <= value cross_entropy (affine_map A (fst s)) (p s)).
    { intros A SA s Hs. assert (X := TM A s 0%nat 0%nat SA Hs ltac:(lia) ltac:(lia)). lra. }
    assert (TOT : forall A, sized (S m) d A -> affine_total cross_entropy D A = sum (fun s => value cross_entropy (affine_map A (fst s)) (p s)) D).
    { intros. apply (same_risk cross_entropy (S m) d); auto using cross_entropy_linear. intros s Hs. apply HP; auto. }
    apply attained; auto.
    + exists 0. intros A SA. rewrite TOT by auto. apply sum_pos. auto.
    + intros B. exists (B / q). intros A SA HB. destruct SA as [LA RA] eqn:ES. set (A' := map (fun row => vsub row (hd [] A)) A).
      assert (Lh : length (hd [] A) = S d) by (destruct A; [discriminate|apply RA; left; auto]).
      assert (EM : forall x, affine_map A' x = map (fun a => a - nth 0 (affine_map A x) 0) (affine_map A x)).
      { intros x. unfold A', affine_map. rewrite !map_map. apply map_ext_in. intros row Hrow. unfold vsub. rewrite dot_vadd, dot_scale. destruct A; [destruct Hrow|]. cbn [hd map nth]. ring. }
      exists A'. split; [|split].
      * unfold A'. split; [rewrite map_length; auto|]. intros row Hrow. apply in_map_iff in Hrow. destruct Hrow as (r & <- & Hr). unfold vsub. rewrite vadd_length; rewrite ?map_length, RA; auto.
      * right. unfold affine_total. apply sum_ext. intros s Hs. rewrite EM. apply cross_entropy_gauge; [destruct A; discriminate|]. rewrite affine_map_length, LA. apply CL; auto.
      * intros s k Hs Hk. rewrite EM, (nth_indep _ 0 (0 - nth 0 (affine_map A (fst s)) 0)) by (rewrite map_length, affine_map_length; lia).
        rewrite (map_nth (fun a => a - nth 0 (affine_map A (fst s)) 0)). rewrite TOT in HB by auto.
        assert (Y := term_le _ D (T0 A SA) s Hs). cbv beta in Y. assert (X1 := TM A s 0%nat k SA Hs ltac:(lia) Hk). assert (X2 := TM A s k 0%nat SA Hs Hk ltac:(lia)).
        assert (P1 := HM' s 0%nat Hs ltac:(lia)). assert (P2 := HM' s k Hs Hk). assert (Z := T0 A SA s Hs).
        set (v := value cross_entropy (affine_map A (fst s)) (p s)) in *. set (a := nth k (affine_map A (fst s)) 0) in *. set (b := nth 0 (affine_map A (fst s)) 0) in *.
        apply Rmult_le_reg_l with q; [auto|]. replace (q * (B / q)) with B by (field; lra). unfold Rabs. destruct (Rcase_abs (a - b)); nra.
Qed.
Corollary theorem1_softmax : theorem1_softmax_statement.
Proof.
  intros c d m h H HL D Hc HW HD CL MO NS. apply (theorem1_general cross_entropy c d m h H HL D); auto.
  - apply cross_entropy_differentiable.
  - apply attained_softmax; [apply HD|auto|auto].
  - intros A SA. destruct (NS A SA) as (s & Hs & N). destruct (proj1 HD s Hs) as [_ Ly]. exists s.
    assert (LS : length (softmax (affine_map A (fst s))) = m) by (rewrite softmax_length, affine_map_length; apply SA).
    destruct (classic_hd (seq 0 m) (fun k => nth k (softmax (affine_map A (fst s))) 0 - nth k (snd s) 0)) as [Z|(k & Hk & NZ)].
    + exfalso. apply N, list_eq; [congruence|]. intros k Hk. specialize (Z k ltac:(apply in_seq; lia)). cbv beta in Z. lra.
    + apply in_seq in Hk. exists k. split; auto. split; [lia|]. cbn [slope cross_entropy]. rewrite nth_map2 by (rewrite ?LS; lia). exact NZ.
Qed.

(* ---- the least risk is at least the entropy of such probabilities (Fenchel and Young) ---- *)
Lemma least_at L m (u0 u y : list R) : length u0 = m -> length u = m -> length y = m -> (forall v, length v = m -> dot (slope L u0 y) v = 0) -> value L u0 y <= value L u y.
Proof. intros L0 L1 L2 Z. assert (T := tangent L u0 u y ltac:(congruence) ltac:(congruence)). rewrite !Z in T by auto. lra. Qed.
Lemma logistic_young b a : 0 < b < 1 -> b * - ln b + (1 - b) * - ln (1 - b) <= logistic1 a b.
Proof.
  intros [B1 B2]. set (a0 := ln (b / (1 - b))). assert (E0 : exp a0 = b / (1 - b)) by (apply exp_ln, Rdiv_lt_0_compat; lra).
  assert (S0 : 1 + exp a0 = / (1 - b)) by (rewrite E0; field; lra). assert (G0 : sigmoid a0 = b) by (unfold sigmoid; rewrite S0, E0; field; lra).
  assert (T := logistic_convex a0 a b). unfold logistic1' in T. rewrite G0 in T.
  assert (V : logistic1 a0 b = b * - ln b + (1 - b) * - ln (1 - b)).
  { unfold logistic1. rewrite S0, ln_Rinv by lra. unfold a0, Rdiv. rewrite ln_mult, ln_Rinv by (try apply Rinv_0_lt_compat; lra). ring. }
  lra.
Qed.
Theorem bound_logistic : bound_logistic_statement.
Proof.
  intros d m D p A HD SA MO HP. rewrite (same_risk logistic m d D p A) by (auto using logistic_linear; intros s Hs; apply HP; auto).
  apply sum_le. intros s Hs. destruct (HP s Hs) as (Lp & P1 & P2). assert (Lu : length (affine_map A (fst s)) = m) by (rewrite affine_map_length; apply SA).
  revert Lp P1 P2 Lu. generalize (p s) (affine_map A (fst s)). clear. intros v u. cbn [value logistic by_output]. unfold entropy.
  revert v u. induction m as [|m IH]; intros [|b v] [|a u] Lv P1 P2 Lu; try discriminate; simpl; [lra|].
  assert (I := IH v u ltac:(simpl in Lv; lia) (fun x Hx => P1 x (or_intror Hx)) (fun x Hx => P2 x (or_intror Hx)) ltac:(simpl in Lu; lia)).
  assert (B1 := P1 b (or_introl eq_refl)). assert (B2 := P2 (1 - b) (or_introl eq_refl)).
  assert (T := logistic_young b a ltac:(lra)). lra.
Qed.
Theorem bound_softmax : bound_softmax_statement.
Proof.
  intros d m D p A HD SA MO HP. rewrite (same_risk cross_entropy m d D p A) by (auto using cross_entropy_linear; intros s Hs; apply HP; auto).
  apply sum_le. intros s Hs. destruct (HP s Hs) as (Lp & P1 & P2). assert (Lu : length (affine_map A (fst s)) = m) by (rewrite affine_map_length; apply SA).
  rewrite <- Lp, dot_ones in P2. assert (SE : sum_exp (map ln (p s)) = 1).
  { rewrite <- P2. revert P1. clear. induction (p s) as [|b v IH]; intros P1; simpl; auto. rewrite IH, exp_ln; auto; [apply P1; left; auto|intros x Hx; apply P1; right; auto]. }
  assert (SM : softmax (map ln (p s)) = p s).
  { unfold softmax. rewrite SE, map_map. rewrite <- (map_id (p s)) at 2. apply map_ext_in. intros b Hb. rewrite exp_ln by auto. field. }
  assert (V : value cross_entropy (map ln (p s)) (p s) = entropy (p s)).
  { cbn [value cross_entropy]. rewrite SE, ln_1. unfold entropy. clear. induction (p s) as [|b v IH]; simpl; [ring|]. lra. }
  rewrite <- V. apply (least_at cross_entropy m); rewrite ?map_length; auto. intros v Lv. cbn [slope cross_entropy]. rewrite dot_map2_minus, SM; [ring|]. rewrite softmax_length, map_length. auto.
Qed.

(* ---- Poisson loss: e^a - p a >= p |a| / 2 - C ---- *)
Lemma exp_tangent t a : 0 < t -> t * (1 + a - ln t) <= exp a.
Proof.
  intros H. assert (E := exp_ineq1_le (a - ln t)). unfold Rminus in E. rewrite exp_plus, exp_Ropp, exp_ln in E by auto.
  apply Rmult_le_reg_r with (/ t); [apply Rinv_0_lt_compat; auto|]. replace (t * (1 + a - ln t) * / t) with (1 + (a + - ln t)) by (field; lra). exact E.
Qed.
Definition poisson_slack (p : R) : R := Rabs (2 * p * (1 - ln (2 * p))) + Rabs (p / 2 * (1 - ln (p / 2))).
Lemma poisson_below p a q : 0 < q <= p -> q / 2 * Rabs a - poisson_slack p <= poisson1 a p.
Proof.
  intros H. unfold poisson1, poisson_slack. assert (T1 := exp_tangent (2 * p) a ltac:(lra)). assert (T2 := exp_tangent (p / 2) a ltac:(lra)).
  assert (B1 := Rle_abs (- (2 * p * (1 - ln (2 * p))))). assert (B2 := Rle_abs (- (p / 2 * (1 - ln (p / 2))))). rewrite Rabs_Ropp in B1, B2.
  assert (P1 := Rabs_pos (2 * p * (1 - ln (2 * p)))). assert (P2 := Rabs_pos (p / 2 * (1 - ln (p / 2)))). unfold Rabs at 1. destruct (Rcase_abs a); nra.
Qed.
Lemma poisson_linear : linear_in_label poisson.
Proof.
  intros u. cbn [value poisson by_output]. induction u as [|a u IH]; intros [|b y] [|q p] L1 L2; try discriminate; simpl; [ring|]. rewrite (IH y p) by (simpl in *; lia). unfold poisson1. ring.
Qed.
Lemma poisson_differentiable m : differentiable poisson m.
Proof.
  apply by_output_differentiable. intros a y. unfold poisson1, poisson1'. apply derivable_pt_lim_minus; [apply derivable_pt_lim_exp|].
  replace y with (0 * a + y * 1) at 2 by ring. apply (derivable_pt_lim_mult (fct_cte y) id); [apply derivable_pt_lim_const|apply derivable_pt_lim_id].
Qed.
Theorem attained_poisson : attained_poisson_statement.
Proof.
  intros d m D HD (p & MO & HP).
  destruct (least_positive (fun sk : (list R * list R) * nat => nth (snd sk) (p (fst sk)) 0) (list_prod D (seq 0 m))) as (q & Hq & HM).
  { intros [s k] Hin. apply in_prod_iff in Hin. destruct Hin as [Hs Hk]. apply in_seq in Hk. cbn [fst snd]. destruct (HP s Hs) as (Lp & P1). apply P1, nth_In. lia. }
  set (C := sum (fun s => sum poisson_slack (p s)) D).
  assert (SP : forall v, 0 <= sum poisson_slack v) by (intros v; apply sum_pos; intros; unfold poisson_slack; assert (X := Rabs_pos (2 * i * (1 - ln (2 * i)))); assert (Y := Rabs_pos (i / 2 * (1 - ln (i / 2)))); lra).
  assert (TERM : forall u v, length u = length v -> (forall k, (k < length u)%nat -> q <= nth k v 0) -> 0 <= sum2 poisson1 u v + sum poisson_slack v /\
     forall k, (k < length u)%nat -> q / 2 * Rabs (nth k u 0) <= sum2 poisson1 u v + sum poisson_slack v).
  { induction u as [|a u IH]; intros [|b v] L H; try discriminate; simpl; [split; [lra|lia]|]. assert (H1 := H 0%nat ltac:(simpl; lia)). cbn [nth] in H1.
    assert (X := poisson_below b a q ltac:(lra)). assert (Y := Rabs_pos a). assert (Y' : 0 <= q / 2 * Rabs a) by (apply Rmult_le_pos; lra).
    destruct (IH v) as [I1 I2]; [simpl in L; lia|intros i Hi; apply (H (S i)); simpl; lia|]. split; [lra|]. intros [|k] Hk; [lra|]. specialize (I2 k ltac:(lia)). lra. }
  assert (TM : forall A s, sized m d A -> In s D -> 0 <= value poisson (affine_map A (fst s)) (p s) + sum poisson_slack (p s) /\
     forall k, (k < m)%nat -> q / 2 * Rabs (nth k (affine_map A (fst s)) 0) <= value poisson (affine_map A (fst s)) (p s) + sum poisson_slack (p s)).
  { intros A s [LA _] Hs. destruct (HP s Hs) as (Lp & _). rewrite <- LA. rewrite <- (affine_map_length A (fst s)). apply TERM; rewrite affine_map_length; [congruence|].
    intros k Hk. assert (X := HM (s, k) ltac:(apply in_prod; [auto|apply in_seq; lia])). exact X. }
  assert (TOT : forall A, sized m d A -> affine_total poisson D A + C = sum (fun s => value poisson (affine_map A (fst s)) (p s) + sum poisson_slack (p s)) D).
  { intros. rewrite (same_risk poisson m d D p A) by (auto using poisson_linear; intros s Hs; apply HP; auto). unfold C. rewrite sum_plus. reflexivity. }
  apply attained; auto.
  - exists (- C). intros A SA. assert (X := TOT A SA). assert (0 <= sum (fun s => value poisson (affine_map A (fst s)) (p s) + sum poisson_slack (p s)) D) by (apply sum_pos; intros s Hs; apply (TM A s SA Hs)). lra.
  - intros B. exists ((B + C) / (q / 2)). intros A SA HB. exists A. split; [auto|]. split; [lra|]. intros s k Hs Hk. assert (X := TOT A SA).
    assert (Y := term_le _ D (fun s Hs => proj1 (TM A s SA Hs)) s Hs). cbv beta in Y. assert (Z := proj2 (TM A s SA Hs) k Hk).
    apply Rmult_le_reg_l with (q / 2); [lra|]. replace (q / 2 * ((B + C) / (q / 2))) with (B + C) by (field; lra). lra.
Qed.
Theorem bound_poisson : bound_poisson_statement.
Proof.
  intros d m D p A HD SA MO HP. rewrite (same_risk poisson m d D p A) by (auto using poisson_linear; intros s Hs; apply HP; auto).
  apply sum_le. intros s Hs. destruct (HP s Hs) as (Lp & P1). assert (Lu : length (affine_map A (fst s)) = m) by (rewrite affine_map_length; apply SA).
  revert Lp P1 Lu. generalize (p s) (affine_map A (fst s)). clear. intros v u. cbn [value poisson by_output]. unfold entropy.
  revert v u. induction m as [|m IH]; intros [|b v] [|a u] Lv P1 Lu; try discriminate; simpl; [lra|].
  assert (I := IH v u ltac:(simpl in Lv; lia) (fun x Hx => P1 x (or_intror Hx)) ltac:(simpl in Lu; lia)). assert (T := exp_tangent b a (P1 b (or_introl eq_refl))). change (poisson1 a b) with (exp a - b * a). lra.
Qed.
