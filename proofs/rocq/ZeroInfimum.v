(* zero_infimum: where every label is hard and predicted with a margin, the risk goes to 0 as the last layer grows, and is never 0. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses Statements InteriorMinimum LinearAlgebra Numbers InteriorCheck TreeBound Gain Theorem1Check Enclosure SpanCheck.
Import ListNotations.
Open Scope R_scope.

Lemma exp_small x : 0 < x -> exp (- x) <= / x.
Proof. intros H. rewrite exp_Ropp. apply Rinv_le_contravar; auto. assert (E := exp_ineq1_le x). lra. Qed.
Lemma ln_below x : 0 < x -> ln x <= x - 1.
Proof. intros H. assert (E := exp_ineq1_le (ln x)). rewrite exp_ln in E by auto. lra. Qed.

(* f, scaled by s: at most K / s *)
Definition fades (v : list R -> list R -> R) (f y : list R) : Prop := exists K, 0 <= K /\ forall s, 0 < s -> v (map (Rmult s) f) y <= K * / s.
Definition always_positive (v : list R -> list R -> R) (y : list R) : Prop := forall u, length u = length y -> 0 < v u y.
Lemma logistic_positive u y : y = 0 \/ y = 1 -> 0 < logistic1 u y.
Proof.
  unfold logistic1. assert (E := exp_pos u). intros [->| ->]; rewrite ?Rmult_0_l, ?Rmult_1_l.
  - assert (L : ln 1 < ln (1 + exp u)) by (apply ln_increasing; lra). rewrite ln_1 in L. lra.
  - assert (L : ln (exp u) < ln (1 + exp u)) by (apply ln_increasing; lra). rewrite ln_exp in L. lra.
Qed.
Lemma logistic_fades a y s : 0 < s -> (0 < a /\ y = 1) \/ (a < 0 /\ y = 0) -> logistic1 (s * a) y <= / Rabs a * / s.
Proof.
  intros Hs H. assert (B : forall b, 0 < b -> ln (1 + exp (- (s * b))) <= / b * / s).
  { intros b Hb. assert (P := exp_pos (- (s * b))). assert (L := ln_below (1 + exp (- (s * b))) ltac:(lra)). assert (X := exp_small (s * b) (Rmult_lt_0_compat _ _ Hs Hb)).
    replace (/ b * / s) with (/ (s * b)) by (field; lra). lra. }
  unfold logistic1. destruct H as [[Ha ->]|[Ha ->]].
  - rewrite Rabs_right by lra. assert (P := exp_pos (s * a)). assert (Q := exp_pos (- (s * a))).
    replace (1 + exp (s * a)) with (exp (s * a) * (1 + exp (- (s * a)))) by (rewrite exp_Ropp; field; lra). rewrite ln_mult, ln_exp by lra. specialize (B a Ha). lra.
  - rewrite Rabs_left by lra. specialize (B (- a) ltac:(lra)). replace (- (s * - a)) with (s * a) in B by ring. lra.
Qed.
Lemma sum2_fades l f : forall y, length f = length y -> (forall a b, In (a, b) (combine f y) -> exists K, 0 <= K /\ forall s, 0 < s -> l (s * a) b <= K * / s) -> fades (sum2 l) f y.
Proof.
  induction f as [|a f IH]; intros [|b y] L H; try discriminate.
  - exists 0. split; [lra|]. intros s Hs. simpl. lra.
  - destruct (H a b (or_introl eq_refl)) as (K1 & P1 & H1). destruct (IH y (eq_add_S _ _ L)) as (K2 & P2 & H2); [intros; apply H; right; auto|].
    exists (K1 + K2). split; [lra|]. intros s Hs. simpl. specialize (H1 s Hs). specialize (H2 s Hs). lra.
Qed.
Lemma sum2_positive l : forall y, y <> [] -> (forall u b, In b y -> 0 < l u b) -> always_positive (sum2 l) y.
Proof.
  intros y N H u L. assert (P : forall u y, (forall u b, In b y -> 0 < l u b) -> 0 <= sum2 l u y).
  { clear. induction u as [|a u IH]; intros [|b y] H; simpl; try lra. assert (A := H a b (or_introl eq_refl)). assert (B := IH y (fun u b Hb => H u b (or_intror Hb))). lra. }
  destruct y as [|b y]; [congruence|]. destruct u as [|a u]; [discriminate|]. simpl. assert (A := H a b (or_introl eq_refl)). assert (B := P u y (fun u b Hb => H u b (or_intror Hb))). lra.
Qed.
(* one class, number k *)
Definition one_hot (m k : nat) : list R := repeat 0 k ++ 1 :: repeat 0 (m - 1 - k).
Lemma sum_exp_app u v : sum_exp (u ++ v) = sum_exp u + sum_exp v.
Proof. induction u as [|a u IH]; simpl; [ring|]. rewrite IH. ring. Qed.
Lemma split_at {A} (k : nat) : forall u : list A, (k < length u)%nat -> exists u1 a u2, u = u1 ++ a :: u2 /\ length u1 = k.
Proof.
  induction k as [|k IH]; intros [|a u] H; simpl in H; try lia; [exists [], a, u; auto|]. destruct (IH u ltac:(lia)) as (u1 & b & u2 & -> & L). exists (a :: u1), b, u2. simpl. auto.
Qed.
Lemma dot_one_hot u1 a u2 m : length (u1 ++ a :: u2) = m -> dot (one_hot m (length u1)) (u1 ++ a :: u2) = a.
Proof.
  intros H. unfold one_hot. rewrite app_length in H. simpl in H. replace (m - 1 - length u1)%nat with (length u2) by lia. clear H.
  induction u1 as [|b u1 IH]; simpl; [|rewrite IH; ring]. assert (Z : forall n v, dot (repeat 0 n) v = 0) by (induction n; intros [|x v]; simpl; auto; rewrite IHn; ring). rewrite Z. ring.
Qed.
Lemma entropy_positive m k : (k < m)%nat -> (1 < m)%nat -> always_positive (value cross_entropy) (one_hot m k).
Proof.
  intros Hk Hm u L. assert (LU : length u = m) by (rewrite L; unfold one_hot; rewrite app_length; simpl; rewrite !repeat_length; lia).
  destruct (split_at k u ltac:(lia)) as (u1 & a & u2 & -> & <-). cbn [value cross_entropy]. rewrite dot_one_hot by auto. rewrite sum_exp_app. simpl. assert (E := exp_pos a).
  assert (P1 := sum_exp_nonnegative u1). assert (P2 := sum_exp_nonnegative u2).
  assert (P : 0 < sum_exp u1 + sum_exp u2).
  { rewrite app_length in LU. simpl in LU. destruct u1 as [|b u1]; [destruct u2 as [|b u2]; [simpl in LU; lia|]|]; [assert (Q := sum_exp_positive (b :: u2) ltac:(discriminate))|assert (Q := sum_exp_positive (b :: u1) ltac:(discriminate))]; lra. }
  assert (Q : ln (exp a) < ln (sum_exp u1 + (exp a + sum_exp u2))) by (apply ln_increasing; lra). rewrite ln_exp in Q. lra.
Qed.
Lemma others_fade a : forall v, (forall b, In b v -> b < a) -> exists K, 0 <= K /\ forall s, 0 < s -> sum_exp (map (Rmult s) v) <= exp (s * a) * (K * / s).
Proof.
  induction v as [|b v IH]; intros H; [exists 0; split; [lra|]; intros s Hs; simpl; lra|]. destruct IH as (K & P & IH); [intros; apply H; right; auto|]. specialize (H b (or_introl eq_refl)).
  assert (PI : 0 < / (a - b)) by (apply Rinv_0_lt_compat; lra). exists (/ (a - b) + K). split; [lra|]. intros s Hs. cbn [map sum_exp]. specialize (IH s Hs).
  assert (X : exp (s * b) <= exp (s * a) * (/ (a - b) * / s)).
  { replace (s * b) with (s * a + - (s * (a - b))) by ring. rewrite exp_plus. apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|]. replace (/ (a - b) * / s) with (/ (s * (a - b))) by (field; lra). apply exp_small, Rmult_lt_0_compat; lra. }
  lra.
Qed.
Lemma entropy_fades u1 a u2 m : length (u1 ++ a :: u2) = m -> (forall b, In b (u1 ++ u2) -> b < a) -> fades (value cross_entropy) (u1 ++ a :: u2) (one_hot m (length u1)).
Proof.
  intros L H. destruct (others_fade a (u1 ++ u2) H) as (K & P & B). exists K. split; auto. intros s Hs. specialize (B s Hs). cbn [value cross_entropy]. rewrite map_app. cbn [map].
  assert (D : dot (one_hot m (length u1)) (map (Rmult s) u1 ++ s * a :: map (Rmult s) u2) = s * a).
  { rewrite <- (map_length (Rmult s) u1) at 1. apply dot_one_hot. rewrite <- L, !app_length. simpl. rewrite !map_length. auto. }
  rewrite D, sum_exp_app. cbn [sum_exp]. rewrite map_app, sum_exp_app in B. assert (E := exp_pos (s * a)). assert (S1 := sum_exp_nonnegative (map (Rmult s) u1)). assert (S2 := sum_exp_nonnegative (map (Rmult s) u2)).
  set (r := (sum_exp (map (Rmult s) u1) + sum_exp (map (Rmult s) u2)) * / exp (s * a)).
  assert (R1 : r <= K * / s). { unfold r. apply Rmult_le_reg_l with (exp (s * a)); auto. replace (exp (s * a) * ((sum_exp (map (Rmult s) u1) + sum_exp (map (Rmult s) u2)) * / exp (s * a))) with (sum_exp (map (Rmult s) u1) + sum_exp (map (Rmult s) u2)) by (field; lra). auto. }
  assert (R0 : 0 <= r) by (unfold r; apply Rmult_le_pos; [lra|apply Rlt_le, Rinv_0_lt_compat; auto]).
  replace (sum_exp (map (Rmult s) u1) + (exp (s * a) + sum_exp (map (Rmult s) u2))) with (exp (s * a) * (1 + r)) by (unfold r; field; lra).
  rewrite ln_mult, ln_exp by lra. assert (Q := ln_below (1 + r) ltac:(lra)). lra.
Qed.

(* ---- with rational numbers ---- *)
Definition wins1 (l : log_loss) (a y : Q) : bool :=
  match l with Logistic => ltb Qops 0%Q a && Qeq_bool y 1 || ltb Qops a 0%Q && Qeq_bool y 0 | _ => ltb Qops a 0%Q && Qeq_bool y 0 end.
Definition hot (y : list Q) : nat := length (fst (fold_right (fun b s => if Qeq_bool b 1 then ([], tt) else (b :: fst s, tt)) ([], tt) y)).
Definition wins (l : log_loss) (f y : list Q) : bool := (length f =? length y)%nat && negb (length y =? 0)%nat &&
  match l with
  | CrossEntropy => let k := hot y in (k <? length y)%nat && (1 <? length y)%nat && same_vec Qops y (repeat 0%Q k ++ 1%Q :: repeat 0%Q (length y - 1 - k)) &&
      forallb (fun b => ltb Qops b (nth k f 0%Q)) (firstn k f ++ skipn (S k) f)
  | _ => forallb (fun e => wins1 l (fst e) (snd e)) (combine f y)
  end.
Lemma in_combine_map {A B} (g : A -> B) : forall (u v : list A) a b, In (a, b) (combine (map g u) (map g v)) -> exists x y, a = g x /\ b = g y /\ In (x, y) (combine u v).
Proof. induction u as [|x u IH]; intros [|y v] a b H; simpl in H; try contradiction. destruct H as [H|H]; [inversion H; exists x, y; simpl; auto|]. destruct (IH v a b H) as (x' & y' & E1 & E2 & I). exists x', y'. simpl. auto. Qed.
Lemma q_eq a b : Qeq_bool a b = true -> Q2R a = Q2R b.
Proof. intros H. apply Qeq_eqR, Qeq_bool_eq, H. Qed.
Lemma q_lt a b : ltb Qops a b = true -> Q2R a < Q2R b.
Proof. intros H. exact (ltb_ok QR _ _ H). Qed.
Lemma in_snd {A B} : forall (u : list A) (v : list B) b, length u = length v -> In b v -> exists a, In (a, b) (combine u v).
Proof. induction u as [|x u IH]; intros [|y v] b L H; try discriminate; simpl in H; try contradiction; destruct H as [<-|H]; [exists x; left; auto|]. destruct (IH v b (eq_add_S _ _ L) H) as (a & I). exists a. right. auto. Qed.
Theorem wins_ok l f y : wins l f y = true -> length f = length y /\ fades (value_of_log l) (qv f) (qv y) /\ always_positive (value_of_log l) (qv y).
Proof.
  unfold wins. intros H. apply andb_prop in H. destruct H as [H H2]. apply andb_prop in H. destruct H as [L N]. apply Nat.eqb_eq in L. split; auto.
  assert (LV : length (qv f) = length (qv y)) by (unfold rv; rewrite !map_length; auto). assert (NV : qv y <> []) by (destruct y; [discriminate|intros Z; discriminate]).
  destruct l; cbn [value_of_log].
  - rewrite forallb_forall in H2. assert (C : forall a b, In (a, b) (combine (qv f) (qv y)) -> (0 < a /\ b = 1) \/ (a < 0 /\ b = 0)).
    { intros a b I. unfold rv in I. apply in_combine_map in I. destruct I as (x & z & -> & -> & I). specialize (H2 _ I). cbn [fst snd wins1] in H2. apply orb_prop in H2.
      destruct H2 as [H2|H2]; apply andb_prop in H2; destruct H2 as [A B]; apply q_lt in A; apply q_eq in B; rewrite ?real_zero, ?real_one in *; cbn [toR QR]; auto. }
    split; [apply sum2_fades; auto|apply sum2_positive; auto].
    + intros a b I. exists (/ Rabs a). assert (X := C a b I). split; [apply Rlt_le, Rinv_0_lt_compat, Rabs_pos_lt; lra|]. intros s Hs. apply logistic_fades; auto.
    + intros u b I. apply logistic_positive. destruct (in_snd (qv f) (qv y) b LV I) as (a & J). destruct (C a b J) as [[_ ->]|[_ ->]]; auto.
  - cbv zeta in H2. set (k := hot y) in *. apply andb_prop in H2. destruct H2 as [H2 H6]. apply andb_prop in H2. destruct H2 as [H2 H5]. apply andb_prop in H2. destruct H2 as [H3 H4]. apply Nat.ltb_lt in H3, H4.
    apply (same_vec_ok Qops QR) in H5. assert (EY : qv y = one_hot (length y) k).
    { rewrite H5. unfold one_hot. etransitivity; [unfold rv; apply map_app|]. exact (f_equal2 (@app R) (Rays.rv_repeat0 Qops QR k) (f_equal2 cons real_one (Rays.rv_repeat0 Qops QR (length y - 1 - k)))). }
    rewrite EY. split; [|apply entropy_positive; auto].
    destruct (split_at k f ltac:(lia)) as (f1 & a & f2 & EF & LK). rewrite forallb_forall in H6.
    assert (T1 : firstn k f = f1) by (rewrite EF, <- LK, firstn_app, firstn_all, Nat.sub_diag; simpl; apply app_nil_r).
    assert (T2 : skipn (S k) f = f2) by (rewrite EF, <- LK, skipn_app, skipn_all2 by lia; replace (S (length f1) - length f1)%nat with 1%nat by lia; reflexivity).
    assert (T3 : nth k f 0%Q = a) by (rewrite EF, <- LK; apply nth_middle). rewrite T1, T2, T3 in H6.
    assert (EV : qv f = qv f1 ++ Q2R a :: qv f2) by (rewrite EF; unfold rv; rewrite map_app; reflexivity). rewrite EV.
    replace k with (length (qv f1)) by (unfold rv; rewrite map_length; auto). apply entropy_fades.
    + rewrite <- EV. unfold rv. rewrite map_length. auto.
    + intros b Hb. unfold rv in Hb. rewrite <- map_app in Hb. apply in_map_iff in Hb. destruct Hb as (x & <- & Hx). apply q_lt, H6, Hx.
  - rewrite forallb_forall in H2. assert (C : forall a b, In (a, b) (combine (qv f) (qv y)) -> a < 0 /\ b = 0).
    { intros a b I. unfold rv in I. apply in_combine_map in I. destruct I as (x & z & -> & -> & I). specialize (H2 _ I). cbn [fst snd wins1] in H2.
      apply andb_prop in H2; destruct H2 as [A B]; apply q_lt in A; apply q_eq in B; rewrite ?real_zero in *; cbn [toR QR]; auto. }
    split; [apply sum2_fades; auto|apply sum2_positive; auto].
    + intros a b I. destruct (C a b I) as [A ->]. exists (/ - a). split; [apply Rlt_le, Rinv_0_lt_compat; lra|]. intros s Hs. unfold poisson1. rewrite Rmult_0_l, Rminus_0_r.
      replace (/ - a * / s) with (/ (s * - a)) by (field; lra). replace (s * a) with (- (s * - a)) by ring. apply exp_small, Rmult_lt_0_compat; lra.
    + intros u b I. destruct (in_snd (qv f) (qv y) b LV I) as (a & J). destruct (C a b J) as [_ ->]. unfold poisson1. assert (E := exp_pos u). lra.
Qed.

Definition check_zero_infimum (p : problem_of log_loss) (th : params Q) : bool :=
  match layers p, th with
  | (_, a) :: _, _ :: _ => is_identity a && ltb Qops 0%Q (factor p) && negb (length (samples p) =? 0)%nat &&
      forallb (fun d => (length (snd d) =? n_out p)%nat && wins (loss_of p) (netT Qops (layers p) th (fst d)) (snd d)) (samples p)
  | _, _ => false
  end.
Definition grown (s : R) (th : params R) : params R := match th with W :: th' => map (map (Rmult s)) W :: th' | [] => [] end.
Lemma grown_shape s th : same_shape th (grown s th).
Proof.
  assert (R1 : forall u : list R, Forall2 (fun _ _ : R => True) u u) by (induction u; constructor; auto). assert (R2 : forall W : list (list R), Forall2 (Forall2 (fun _ _ : R => True)) W W) by (induction W; constructor; auto).
  destruct th as [|W th]; constructor.
  - induction W as [|row W IH]; constructor; auto. clear. induction row; constructor; auto.
  - induction th; constructor; auto.
Qed.
Lemma grown_net b N th s x : th <> [] -> net ((b, ra QR (act_out Qops)) :: N) (grown s th) x = map (Rmult s) (net ((b, ra QR (act_out Qops)) :: N) th x).
Proof.
  intros NE. destruct th as [|W th]; [congruence|]. cbn [grown net]. unfold layer. rewrite !map_map. apply map_ext. intros row. cbn [fst snd].
  assert (ID : forall z, ev (ra QR (act_out Qops)) z = z) by (intros z; unfold ev, ra, act_out; simpl; rewrite real_zero, real_one; ring). rewrite !ID. apply dot_scale.
Qed.
Theorem check_zero_infimum_ok p th : check_zero_infimum p th = true -> zero_infimum p th.
Proof.
  unfold check_zero_infimum, zero_infimum. intros H. destruct (layers p) as [|[b a] N] eqn:EN; [discriminate|]. destruct th as [|W th]; [discriminate|].
  apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. apply is_identity_ok in H1. subst a. apply q_lt in H2. rewrite real_zero in H2.
  rewrite forallb_forall in H4. assert (NS : samples p <> []) by (destruct (samples p); [discriminate|intros Z; discriminate]).
  assert (WIN : forall d, In d (samples p) -> length (snd d) = n_out p /\ fades (value_of_log (loss_of p)) (net (real_layers (layers p)) (real (W :: th)) (real_vector (fst d))) (real_vector (snd d)) /\ always_positive (value_of_log (loss_of p)) (real_vector (snd d))).
  { intros d Hd. specialize (H4 d Hd). apply andb_prop in H4. destruct H4 as [A B]. apply Nat.eqb_eq in A. destruct (wins_ok _ _ _ B) as (_ & F & P). split; auto. split; [|exact P].
    rewrite EN. assert (E := netT_ok Qops QR ((b, act_out Qops) :: N) (W :: th) (fst d)). exact (eq_ind _ (fun u => fades (value_of_log (loss_of p)) u (real_vector (snd d))) F _ E). }
  split.
  - intros th' HL. rewrite log_risk_sum. apply Rmult_lt_0_compat; auto. unfold rD. rewrite sum_map. cbn [fst snd].
    assert (POS : forall d, In d (samples p) -> 0 < value_of_log (loss_of p) (net (real_layers (layers p)) th' (real_vector (fst d))) (real_vector (snd d))).
    { intros d Hd. destruct (WIN d Hd) as (L & _ & P). apply P. rewrite EN, HL by auto. unfold real_vector. rewrite map_length. auto. }
    destruct (samples p) as [|d D]; [congruence|]. cbn [sum]. assert (A := POS d (or_introl eq_refl)).
    assert (B : 0 <= sum (fun d => value_of_log (loss_of p) (net (real_layers (layers p)) th' (real_vector (fst d))) (real_vector (snd d))) D) by (apply sum_pos; intros; apply Rlt_le, POS; right; auto).
    exact (Rplus_lt_le_0_compat _ _ A B).
  - intros eps He. assert (X : exists K, 0 <= K /\ forall s, 0 < s -> sum (fun d => value_of_log (loss_of p) (net (real_layers (layers p)) (grown s (real (W :: th))) (real_vector (fst d))) (real_vector (snd d))) (samples p) <= K * / s).
    { rewrite EN. revert WIN. rewrite EN. clear. induction (samples p) as [|d D IH]; intros WIN; [exists 0; split; [lra|]; intros; simpl; lra|].
      destruct IH as (K & P & IH); [intros; apply WIN; right; auto|]. destruct (WIN d (or_introl eq_refl)) as (_ & (K1 & P1 & F) & _). exists (K1 + K). split; [lra|]. intros s Hs. cbn [sum]. specialize (IH s Hs). specialize (F s Hs).
      assert (G := grown_net b (real_layers N) (real (W :: th)) s (real_vector (fst d)) ltac:(discriminate)).
      change (real_layers ((b, act_out Qops) :: N)) with ((b, ra QR (act_out Qops)) :: real_layers N) in *. rewrite G. lra. }
    destruct X as (K & P & B). set (s := Q2R (factor p) * (K + 1) * / eps). assert (Hs : 0 < s) by (apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; lra|apply Rinv_0_lt_compat; auto]).
    exists (grown s (real (W :: th))). split; [apply grown_shape|]. rewrite log_risk_sum. unfold rD. rewrite sum_map. cbn [fst snd]. specialize (B s Hs).
    apply Rle_lt_trans with (Q2R (factor p) * (K * / s)); [apply Rmult_le_compat_l; [lra|exact B]|]. unfold s. replace (Q2R (factor p) * (K * / (Q2R (factor p) * (K + 1) * / eps))) with (eps * (K * / (K + 1))) by (field; lra).
    apply Rmult_lt_reg_r with (K + 1); [lra|]. replace (eps * (K * / (K + 1)) * (K + 1)) with (eps * K) by (field; lra). nra.
Qed.
