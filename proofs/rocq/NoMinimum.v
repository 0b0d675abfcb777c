(* no_minimum: along a direction of affine maps no loss grows and one falls for ever, so that no affine map is best; and the infimum. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses Theorem1 Statements InteriorMinimum LinearAlgebra AttainedMinimum Theorem1Losses Numbers InteriorCheck TreeBound Gain Theorem1Check Enclosure SpanCheck ZeroInfimum.
Import ListNotations.
Open Scope R_scope.

(* ---- one sample: labels y, predictions f + s t ---- *)
Definition recedes (v : list R -> list R -> R) (t y : list R) : Prop := forall f, length f = length y -> v (map2 Rplus f t) y <= v f y.
Definition falls (v : list R -> list R -> R) (t y : list R) : Prop := forall f, length f = length y -> v (map2 Rplus f t) y < v f y.
Definition tends (v : list R -> list R -> R) (f t y : list R) (lim : R) : Prop := exists K, 0 <= K /\ forall s, 0 < s -> v (map2 Rplus f (map (Rmult s) t)) y <= lim + K * / s.

Lemma sum2_recedes l : forall t y, length t = length y -> (forall b c, In (b, c) (combine t y) -> forall a, l (a + b) c <= l a c) -> recedes (sum2 l) t y.
Proof.
  unfold recedes. induction t as [|b t IH]; intros [|c y] L H [|a f] LF; try discriminate; simpl; [lra|]. assert (A := H b c (or_introl eq_refl) a).
  assert (B := IH y (eq_add_S _ _ L) (fun b c I => H b c (or_intror I)) f (eq_add_S _ _ LF)). lra.
Qed.
Lemma sum2_falls l : forall t y, length t = length y -> (forall b c, In (b, c) (combine t y) -> forall a, l (a + b) c <= l a c /\ (b <> 0 -> l (a + b) c < l a c)) -> (exists b, In b t /\ b <> 0) -> falls (sum2 l) t y.
Proof.
  unfold falls. induction t as [|b t IH]; intros [|c y] L H (b0 & I & N) [|a f] LF; try discriminate; [destruct I|]. simpl. destruct (H b c (or_introl eq_refl) a) as [A1 A2].
  assert (B := sum2_recedes l t y (eq_add_S _ _ L) (fun b c J a => proj1 (H b c (or_intror J) a)) f (eq_add_S _ _ LF)). destruct I as [->|I]; [specialize (A2 N); lra|].
  assert (C := IH y (eq_add_S _ _ L) (fun b c J => H b c (or_intror J)) (ex_intro _ b0 (conj I N)) f (eq_add_S _ _ LF)). lra.
Qed.
(* the outputs that stay *)
Fixpoint staying {A} (zero : A -> bool) (f t : list A) : list A := match f, t with a :: f', b :: t' => if zero b then a :: staying zero f' t' else staying zero f' t' | _, _ => [] end.
Definition real_zerob (b : R) : bool := if Req_EM_T b 0 then true else false.
Lemma sum2_tends l : forall f t y, length f = length y -> length t = length y ->
  (forall a b c, In (b, c) (combine t y) -> b <> 0 -> exists K, 0 <= K /\ forall s, 0 < s -> l (a + s * b) c <= K * / s) -> tends (sum2 l) f t y (sum2 l (staying real_zerob f t) (staying real_zerob y t)).
Proof.
  unfold tends. induction f as [|a f IH]; intros [|b t] [|c y] L1 L2 H; try discriminate; [exists 0; split; [lra|]; intros; simpl; lra|].
  destruct (IH t y (eq_add_S _ _ L1) (eq_add_S _ _ L2)) as (K & P & B); [intros; eapply H; eauto; right; auto|]. cbn [staying]. destruct (real_zerob b) eqn:EZ; unfold real_zerob in EZ; destruct (Req_EM_T b 0) as [Z|N]; try discriminate EZ.
  - exists K. split; auto. intros s Hs. specialize (B s Hs). cbn [map map2 sum2]. subst b. rewrite Rmult_0_r, Rplus_0_r. lra.
  - destruct (H a b c (or_introl eq_refl) N) as (K1 & P1 & B1). exists (K1 + K). split; [lra|]. intros s Hs. specialize (B s Hs). specialize (B1 s Hs). cbn [map map2 sum2]. lra.
Qed.
Lemma exp_fades a b s : 0 < s -> 0 < b -> exp (a + - (s * b)) <= exp a * / b * / s.
Proof.
  intros Hs Hb. rewrite exp_plus, Rmult_assoc. apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|]. replace (/ b * / s) with (/ (s * b)) by (field; lra). apply exp_small, Rmult_lt_0_compat; auto.
Qed.
Definition one_sided (b c : R) : Prop := b = 0 \/ (0 < b /\ c = 1) \/ (b < 0 /\ c = 0).
Lemma logistic_one a : logistic1 a 1 = ln (1 + exp (- a)).
Proof.
  unfold logistic1. assert (E := exp_pos a). assert (E' := exp_pos (- a)). replace (1 + exp a) with (exp a * (1 + exp (- a))) by (rewrite exp_Ropp; field; lra). rewrite ln_mult, ln_exp by lra. ring.
Qed.
Lemma logistic_recedes b c a : one_sided b c -> logistic1 (a + b) c <= logistic1 a c /\ (b <> 0 -> logistic1 (a + b) c < logistic1 a c).
Proof.
  intros [->|[[P ->]|[P ->]]].
  - rewrite Rplus_0_r. split; [lra|intros N; lra].
  - cut (logistic1 (a + b) 1 < logistic1 a 1); [lra|]. rewrite !logistic_one. assert (E := exp_pos (- (a + b))). apply ln_increasing; [lra|]. assert (X : exp (- (a + b)) < exp (- a)) by (apply exp_increasing; lra). lra.
  - cut (logistic1 (a + b) 0 < logistic1 a 0); [lra|]. unfold logistic1. rewrite !Rmult_0_l, !Rminus_0_r. assert (E := exp_pos (a + b)). apply ln_increasing; [lra|]. assert (X : exp (a + b) < exp a) by (apply exp_increasing; lra). lra.
Qed.
Lemma logistic_tends a b c : one_sided b c -> b <> 0 -> exists K, 0 <= K /\ forall s, 0 < s -> logistic1 (a + s * b) c <= K * / s.
Proof.
  assert (B : forall z, ln (1 + exp z) <= exp z) by (intros z; assert (E := exp_pos z); assert (L := ln_below (1 + exp z) ltac:(lra)); lra).
  intros [->|[[P ->]|[P ->]]] N; [contradiction| |].
  - exists (exp (- a) * / b). split; [apply Rmult_le_pos; [apply Rlt_le, exp_pos|apply Rlt_le, Rinv_0_lt_compat; auto]|]. intros s Hs. rewrite logistic_one. apply Rle_trans with (1 := B _).
    replace (- (a + s * b)) with (- a + - (s * b)) by ring. apply exp_fades; auto.
  - exists (exp a * / - b). split; [apply Rmult_le_pos; [apply Rlt_le, exp_pos|apply Rlt_le, Rinv_0_lt_compat; lra]|]. intros s Hs. unfold logistic1. rewrite Rmult_0_l, Rminus_0_r. apply Rle_trans with (1 := B _).
    replace (a + s * b) with (a + - (s * - b)) by ring. apply exp_fades; lra.
Qed.
Definition poisson_sided (b c : R) : Prop := b = 0 \/ (b < 0 /\ c = 0).
Lemma poisson_recedes b c a : poisson_sided b c -> poisson1 (a + b) c <= poisson1 a c /\ (b <> 0 -> poisson1 (a + b) c < poisson1 a c).
Proof.
  intros [->|[P ->]]; [rewrite Rplus_0_r; split; [lra|intros N; lra]|]. cut (poisson1 (a + b) 0 < poisson1 a 0); [lra|]. unfold poisson1. assert (X : exp (a + b) < exp a) by (apply exp_increasing; lra). lra.
Qed.
Lemma poisson_tends a b c : poisson_sided b c -> b <> 0 -> exists K, 0 <= K /\ forall s, 0 < s -> poisson1 (a + s * b) c <= K * / s.
Proof.
  intros [->|[P ->]] N; [contradiction|]. exists (exp a * / - b). split; [apply Rmult_le_pos; [apply Rlt_le, exp_pos|apply Rlt_le, Rinv_0_lt_compat; lra]|]. intros s Hs. unfold poisson1. rewrite Rmult_0_l, Rminus_0_r.
  replace (a + s * b) with (a + - (s * - b)) by ring. apply exp_fades; lra.
Qed.
(* cross-entropy: t is at its largest, M, at every class of the label *)
Definition class_sided (M : R) (t y : list R) : Prop := length t = length y /\ sum (fun c => c) y = 1 /\ (forall b, In b t -> b <= M) /\ (exists b, In b t /\ b = M) /\ forall b c, In (b, c) (combine t y) -> c = 0 \/ b = M.
Lemma class_dot M : forall t y, length t = length y -> (forall b c, In (b, c) (combine t y) -> c = 0 \/ b = M) -> forall f s, length f = length y ->
  dot y (map2 Rplus f (map (Rmult s) t)) = dot y f + s * M * sum (fun c => c) y.
Proof.
  induction t as [|b t IH]; intros [|c y] L H [|a f] s LF; try discriminate; simpl; [ring|]. rewrite (IH y (eq_add_S _ _ L) (fun b c I => H b c (or_intror I)) f s (eq_add_S _ _ LF)).
  destruct (H b c (or_introl eq_refl)) as [->| ->]; ring.
Qed.
Lemma class_sum M s : 0 < s -> forall f t, length f = length t -> (forall b, In b t -> b <= M) ->
  sum_exp (map2 Rplus f (map (Rmult s) t)) <= exp (s * M) * sum_exp f /\ ((exists b, In b t /\ b < M) -> sum_exp (map2 Rplus f (map (Rmult s) t)) < exp (s * M) * sum_exp f).
Proof.
  intros Hs. induction f as [|a f IH]; intros [|b t] L H; try discriminate; cbn [map map2 sum_exp]; [split; [lra|intros (b & [] & _)]|].
  destruct (IH t (eq_add_S _ _ L) (fun b I => H b (or_intror I))) as [A1 A2]. assert (HB := H b (or_introl eq_refl)).
  assert (X : exp (a + s * b) <= exp (s * M) * exp a /\ (b < M -> exp (a + s * b) < exp (s * M) * exp a)).
  { rewrite <- exp_plus. split; [|intros HL; apply exp_increasing; nra]. destruct (Req_EM_T b M) as [->|N]; [right; f_equal; ring|left; apply exp_increasing; nra]. }
  destruct X as [X1 X2]. split; [lra|]. intros (b' & [<-|I] & Hb); [specialize (X2 Hb); lra|]. specialize (A2 (ex_intro _ b' (conj I Hb))). lra.
Qed.
Definition is_top (M : R) (b : R) : bool := if Req_EM_T b M then true else false.
Lemma class_limit M : forall f t, length f = length t -> (forall b, In b t -> b <= M) -> exists K, 0 <= K /\ forall s, 0 < s ->
  sum_exp (map2 Rplus f (map (Rmult s) t)) <= exp (s * M) * (sum_exp (staying (is_top M) f t) + K * / s).
Proof.
  induction f as [|a f IH]; intros [|b t] L H; try discriminate; [exists 0; split; [lra|]; intros s Hs; simpl; lra|].
  destruct (IH t (eq_add_S _ _ L) (fun b I => H b (or_intror I))) as (K & P & B). assert (HB := H b (or_introl eq_refl)). cbn [staying]. destruct (is_top M b) eqn:EZ; unfold is_top in EZ; destruct (Req_EM_T b M) as [->|N]; try discriminate EZ.
  - exists K. split; auto. intros s Hs. specialize (B s Hs). cbn [map map2 sum_exp]. rewrite exp_plus. lra.
  - assert (PI : 0 < / (M - b)) by (apply Rinv_0_lt_compat; lra). assert (E := exp_pos a). exists (exp a * / (M - b) + K). split; [assert (0 < exp a * / (M - b)) by (apply Rmult_lt_0_compat; auto); lra|]. intros s Hs. specialize (B s Hs). cbn [map map2 sum_exp].
    assert (X : exp (a + s * b) <= exp (s * M) * (exp a * / (M - b) * / s)).
    { replace (a + s * b) with (s * M + (a + - (s * (M - b)))) by ring. rewrite exp_plus. apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|]. apply exp_fades; lra. }
    lra.
Qed.
Lemma staying_nonempty M : forall f t : list R, length f = length t -> (exists b, In b t /\ b = M) -> staying (is_top M) f t <> [].
Proof.
  induction f as [|a f IH]; intros [|b t] L (b' & I & E); try discriminate; [destruct I|]. cbn [staying]. destruct (is_top M b) eqn:EZ; [discriminate|]. unfold is_top in EZ. destruct (Req_EM_T b M) as [Z|N]; [discriminate EZ|].
  apply IH; [apply eq_add_S; auto|]. destruct I as [<-|I]; [contradiction|]. eauto.
Qed.
Lemma class_kept M : forall f t y, length f = length y -> length t = length y -> (forall b c, In (b, c) (combine t y) -> c = 0 \/ b = M) -> dot (staying (is_top M) y t) (staying (is_top M) f t) = dot y f.
Proof.
  induction f as [|a f IH]; intros [|b t] [|c y] L1 L2 H; try discriminate; [reflexivity|]. assert (I := IH t y (eq_add_S _ _ L1) (eq_add_S _ _ L2) (fun b c J => H b c (or_intror J))).
  cbn [staying]. destruct (is_top M b) eqn:E; cbn [dot]; [rewrite I; reflexivity|]. rewrite I. destruct (H b c (or_introl eq_refl)) as [->| ->]; [ring|]. unfold is_top in E. destruct (Req_EM_T M M); [discriminate|contradiction].
Qed.
Lemma map_one (t : list R) : map (Rmult 1) t = t.
Proof. induction t as [|b t IH]; simpl; auto. rewrite IH, Rmult_1_l. auto. Qed.
Lemma class_entropy M t y : class_sided M t y -> recedes (value cross_entropy) t y /\ ((exists b, In b t /\ b < M) -> falls (value cross_entropy) t y) /\
  forall f, length f = length y -> tends (value cross_entropy) f t y (value cross_entropy (staying (is_top M) f t) (staying (is_top M) y t)).
Proof.
  intros (L & S1 & TM & TE & TC). assert (NE : y <> []) by (intros ->; simpl in S1; lra).
  assert (POS : forall f, length f = length y -> 0 < sum_exp f) by (intros f LF; apply sum_exp_positive; intros ->; destruct y; [congruence|discriminate]).
  assert (LM : forall f s, length f = length y -> length (map2 Rplus f (map (Rmult s) t)) = length y).
  { intros f s LF. assert (G : forall u v : list R, length u = length v -> length (map2 Rplus u v) = length v) by (induction u; intros [|x v] Q; try discriminate; simpl; auto). rewrite G; rewrite map_length; congruence. }
  assert (EQ : forall f s, 0 < s -> length f = length y -> value cross_entropy (map2 Rplus f (map (Rmult s) t)) y = ln (sum_exp (map2 Rplus f (map (Rmult s) t))) - s * M - dot y f).
  { intros f s Hs LF. cbn [value cross_entropy]. rewrite (class_dot M t y L TC f s LF), S1. ring. }
  assert (BOTH : forall f, length f = length y -> value cross_entropy (map2 Rplus f t) y <= value cross_entropy f y /\ ((exists b, In b t /\ b < M) -> value cross_entropy (map2 Rplus f t) y < value cross_entropy f y)).
  { intros f LF. assert (E1 := EQ f 1 ltac:(lra) LF). assert (P1 := POS _ (LM f 1 LF)). destruct (class_sum M 1 ltac:(lra) f t ltac:(congruence) TM) as [A1 A2]. rewrite map_one in *. rewrite E1. cbn [value cross_entropy].
    assert (X : ln (exp (1 * M) * sum_exp f) = 1 * M + ln (sum_exp f)) by (rewrite ln_mult, ln_exp by auto using exp_pos; auto).
    split; [|intros T; assert (Q : ln (sum_exp (map2 Rplus f t)) < ln (exp (1 * M) * sum_exp f)) by (apply ln_increasing; auto); lra].
    destruct A1 as [A1|A1]; [assert (Q : ln (sum_exp (map2 Rplus f t)) < ln (exp (1 * M) * sum_exp f)) by (apply ln_increasing; auto); lra|rewrite A1, X; lra]. }
  split; [intros f LF; apply BOTH; auto|]. split; [intros T f LF; apply BOTH; auto|]. intros f LF.
  destruct (class_limit M f t ltac:(congruence) TM) as (K & P & B). set (g := staying (is_top M) f t) in *. assert (SG : 0 < sum_exp g) by (apply sum_exp_positive, staying_nonempty; auto; congruence).
  exists (K * / sum_exp g). split; [apply Rmult_le_pos; [auto|apply Rlt_le, Rinv_0_lt_compat; auto]|]. intros s Hs. rewrite EQ by auto. specialize (B s Hs). cbn [value cross_entropy]. unfold g at 2. rewrite (class_kept M f t y LF L TC). fold g.
  assert (PI : 0 < / s) by (apply Rinv_0_lt_compat; auto). assert (KS : 0 <= K * / s) by (apply Rmult_le_pos; lra). assert (P1 := POS _ (LM f s LF)). assert (ES := exp_pos (s * M)).
  assert (Q : ln (sum_exp (map2 Rplus f (map (Rmult s) t))) <= ln (exp (s * M) * (sum_exp g + K * / s))) by (destruct B as [B|B]; [left; apply ln_increasing; auto|right; rewrite B; auto]).
  rewrite ln_mult, ln_exp in Q by lra. assert (G : ln (sum_exp g + K * / s) <= ln (sum_exp g) + K * / sum_exp g * / s).
  { replace (sum_exp g + K * / s) with (sum_exp g * (1 + K * / sum_exp g * / s)) by (field; lra). assert (Z : 0 <= K * / sum_exp g * / s) by (apply Rmult_le_pos; [apply Rmult_le_pos; [auto|apply Rlt_le, Rinv_0_lt_compat; auto]|lra]).
    rewrite ln_mult by lra. assert (LB := ln_below (1 + K * / sum_exp g * / s) ltac:(lra)). lra. }
  lra.
Qed.

(* ---- Fenchel and Young, on the closed domain ---- *)
Lemma sum2_young l (phi : R -> R) : forall f p y, length f = length y -> length p = length y -> (forall b, In b p -> forall a c, phi b + (b - c) * a <= l a c) -> sum phi p + (dot p f - dot y f) <= sum2 l f y.
Proof.
  induction f as [|a f IH]; intros [|b p] [|c y] L1 L2 H; try discriminate; simpl; [lra|]. assert (A := H b (or_introl eq_refl) a c). assert (I := IH p y (eq_add_S _ _ L1) (eq_add_S _ _ L2) (fun b J => H b (or_intror J))). lra.
Qed.
Lemma class_young f : forall p, length p = length f -> (forall b, In b p -> 0 <= b) -> sum (fun b => b) p = 1 -> entropy p + dot p f <= ln (sum_exp f).
Proof.
  intros p L HP S1. assert (NE : f <> []) by (intros ->; destruct p; [simpl in S1; lra|discriminate]). assert (SP := sum_exp_positive f NE). set (S := sum_exp f) in *. set (Z := ln S).
  assert (G : forall f' p, length p = length f' -> (forall b, In b p -> 0 <= b) -> entropy p + dot p f' - Z * sum (fun b => b) p <= sum_exp f' * / S - sum (fun b => b) p).
  { clear - SP. induction f' as [|a f' IH]; intros [|b p] L HP; try discriminate; [unfold entropy; cbn [sum dot sum_exp]; right; ring|]. assert (I := IH p (eq_add_S _ _ L) (fun b J => HP b (or_intror J))). assert (Hb := HP b (or_introl eq_refl)).
    unfold entropy in *. cbn [sum dot sum_exp map] in *. assert (E := exp_pos a). assert (X : b * - ln b + b * a - Z * b <= exp a * / S - b).
    { destruct Hb as [Hb|<-]; [|assert (0 < exp a * / S) by (apply Rmult_lt_0_compat; [auto|apply Rinv_0_lt_compat; auto]); lra].
      set (q := exp a * / (b * S)). assert (Q : 0 < q) by (apply Rmult_lt_0_compat; [auto|apply Rinv_0_lt_compat, Rmult_lt_0_compat; auto]). assert (LB := ln_below q Q).
      assert (LQ : ln q = a - ln b - Z). { unfold q. rewrite ln_mult; [|auto|apply Rinv_0_lt_compat, Rmult_lt_0_compat; auto]. rewrite ln_exp, ln_Rinv, ln_mult by (auto; apply Rmult_lt_0_compat; auto). unfold Z. ring. }
      rewrite LQ in LB. assert (M := Rmult_le_compat_l b _ _ (Rlt_le _ _ Hb) LB). replace (b * (q - 1)) with (exp a * / S - b) in M by (unfold q; field; split; lra). lra. }
    lra. }
  specialize (G f p L HP). rewrite S1 in G. fold S in G. rewrite Rinv_r in G by lra. unfold Z in *. lra.
Qed.

(* ---- with rational numbers ---- *)
Lemma equal_iff a b : Qeq_bool a b = true <-> Q2R a = Q2R b.
Proof. split; intros H; [apply q_eq, H|apply Qeq_eq_bool, eqR_Qeq, H]. Qed.
Definition top (t : list Q) : Q := fold_right (fun a m => if Qle_bool a m then m else a) (hd 0%Q t) t.
Definition stays (l : log_loss) (t : list Q) (b : Q) : bool := match l with CrossEntropy => Qeq_bool b (top t) | _ => Qeq_bool b 0 end.
Definition sided (l : log_loss) (t y : list Q) : bool := (length t =? length y)%nat && match l with
  | Logistic => forallb (fun e => Qeq_bool (fst e) 0 || ltb Qops 0%Q (fst e) && Qeq_bool (snd e) 1 || ltb Qops (fst e) 0%Q && Qeq_bool (snd e) 0) (combine t y)
  | CrossEntropy => sums_to_1 y && forallb (fun b => Qle_bool b (top t)) t && existsb (fun b => Qeq_bool b (top t)) t && forallb (fun e => Qeq_bool (snd e) 0 || Qeq_bool (fst e) (top t)) (combine t y)
  | Poisson => forallb (fun e => Qeq_bool (fst e) 0 || ltb Qops (fst e) 0%Q && Qeq_bool (snd e) 0) (combine t y)
  end.
Definition moving (l : log_loss) (t : list Q) : bool := match l with CrossEntropy => existsb (fun b => ltb Qops b (top t)) t | _ => existsb (fun b => negb (Qeq_bool b 0)) t end.
Lemma staying_real (zr : R -> bool) (zq : Q -> bool) : (forall b, zr (Q2R b) = zq b) -> forall f t, staying zr (qv f) (qv t) = qv (staying zq f t).
Proof.
  intros H. induction f as [|a f IH]; intros [|b t]; try reflexivity. cbn [rv map staying]. change (map (toR QR) f) with (qv f). change (map (toR QR) t) with (qv t). rewrite IH.
  cbn [toR QR]. rewrite H. destruct (zq b); reflexivity.
Qed.
Lemma zero_real b : real_zerob (Q2R b) = Qeq_bool b 0.
Proof. unfold real_zerob. destruct (Req_EM_T (Q2R b) 0) as [Z|N]; symmetry; [apply equal_iff; rewrite Z, real_zero; auto|]. destruct (Qeq_bool b 0) eqn:E; auto. apply q_eq in E. rewrite real_zero in E. contradiction. Qed.
Lemma top_real M b : is_top (Q2R M) (Q2R b) = Qeq_bool b M.
Proof. unfold is_top. destruct (Req_EM_T (Q2R b) (Q2R M)) as [Z|N]; symmetry; [apply equal_iff; auto|]. destruct (Qeq_bool b M) eqn:E; auto. apply q_eq in E. contradiction. Qed.
Theorem sided_ok l t y : sided l t y = true -> length t = length y /\ recedes (value_of_log l) (qv t) (qv y) /\ (moving l t = true -> falls (value_of_log l) (qv t) (qv y)) /\
  forall f, length f = length y -> tends (value_of_log l) (qv f) (qv t) (qv y) (value_of_log l (qv (staying (stays l t) f t)) (qv (staying (stays l t) y t))).
Proof.
  unfold sided. intros H. apply andb_prop in H. destruct H as [L H]. apply Nat.eqb_eq in L. split; auto. assert (LV : length (qv t) = length (qv y)) by (unfold rv; rewrite !map_length; auto).
  assert (LF : forall f : list Q, length f = length y -> length (qv f) = length (qv y)) by (intros f E; unfold rv; rewrite !map_length; auto).
  destruct l; cbn [value_of_log moving].
  - rewrite forallb_forall in H. assert (C : forall b c, In (b, c) (combine (qv t) (qv y)) -> one_sided b c).
    { intros b c I. unfold rv in I. apply in_combine_map in I. destruct I as (x & z & -> & -> & I). specialize (H _ I). cbn [fst snd] in H. unfold one_sided. cbn [toR QR]. apply orb_prop in H. destruct H as [H|H]; [apply orb_prop in H; destruct H as [H|H]|].
      - apply q_eq in H. rewrite real_zero in H. auto.
      - apply andb_prop in H. destruct H as [A B]. apply q_lt in A. apply q_eq in B. rewrite real_zero in A. rewrite real_one in B. auto.
      - apply andb_prop in H. destruct H as [A B]. apply q_lt in A. apply q_eq in B. rewrite real_zero in *. auto. }
    split; [apply sum2_recedes; auto; intros b c I a; apply logistic_recedes; auto|]. split.
    + intros MV. apply sum2_falls; auto; [intros b c I a; apply logistic_recedes; auto|]. apply existsb_exists in MV. destruct MV as (b & I & N). exists (Q2R b). split; [unfold rv; apply in_map with (f := Q2R); auto|]. intros Z. apply negb_true_iff in N. rewrite (proj2 (equal_iff b 0)) in N; [discriminate|]. rewrite Z, real_zero. auto.
    + intros f E. cbn [stays]. rewrite <- !(staying_real real_zerob) by apply zero_real. apply sum2_tends; auto. intros a b c I N. apply logistic_tends; auto.
  - apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. rewrite forallb_forall in H2, H4.
    assert (CS : class_sided (Q2R (top t)) (qv t) (qv y)).
    { split; auto. split; [assert (S := sums_to_1_ok y (length y) eq_refl H1); assert (LY : length y = length (qv y)) by (unfold rv; rewrite map_length; auto); rewrite LY in S; rewrite dot_ones in S; exact S|].
      split; [intros b I; apply in_map_iff in I; destruct I as (x & <- & I); apply Qle_Rle, Qle_bool_iff, H2, I|]. split.
      - apply existsb_exists in H3. destruct H3 as (b & I & E). exists (Q2R b). split; [unfold rv; apply in_map with (f := Q2R); auto|apply q_eq; auto].
      - intros b c I. unfold rv in I. apply in_combine_map in I. destruct I as (x & z & -> & -> & I). specialize (H4 _ I). cbn [fst snd] in H4. cbn [toR QR]. apply orb_prop in H4. destruct H4 as [H4|H4]; apply q_eq in H4; rewrite ?real_zero in H4; auto. }
    destruct (class_entropy _ _ _ CS) as (R1 & R2 & R3). split; auto. split.
    + intros MV. apply R2. apply existsb_exists in MV. destruct MV as (b & I & N). exists (Q2R b). split; [unfold rv; apply in_map with (f := Q2R); auto|apply q_lt; auto].
    + intros f E. cbn [stays]. rewrite <- !(staying_real (is_top (Q2R (top t)))) by (intros; apply top_real). apply R3. auto.
  - rewrite forallb_forall in H. assert (C : forall b c, In (b, c) (combine (qv t) (qv y)) -> poisson_sided b c).
    { intros b c I. unfold rv in I. apply in_combine_map in I. destruct I as (x & z & -> & -> & I). specialize (H _ I). cbn [fst snd] in H. unfold poisson_sided. cbn [toR QR]. apply orb_prop in H. destruct H as [H|H].
      - apply q_eq in H. rewrite real_zero in H. auto.
      - apply andb_prop in H. destruct H as [A B]. apply q_lt in A. apply q_eq in B. rewrite real_zero in *. auto. }
    split; [apply sum2_recedes; auto; intros b c I a; apply poisson_recedes; auto|]. split.
    + intros MV. apply sum2_falls; auto; [intros b c I a; apply poisson_recedes; auto|]. apply existsb_exists in MV. destruct MV as (b & I & N). exists (Q2R b). split; [unfold rv; apply in_map with (f := Q2R); auto|]. intros Z. apply negb_true_iff in N. rewrite (proj2 (equal_iff b 0)) in N; [discriminate|]. rewrite Z, real_zero. auto.
    + intros f E. cbn [stays]. rewrite <- !(staying_real real_zerob) by apply zero_real. apply sum2_tends; auto. intros a b c I N. apply poisson_tends; auto.
Qed.
Definition in_domain (l : log_loss) (p : list Q) : bool := match l with
  | Logistic => forallb (fun a => Qle_bool 0 a && Qle_bool a 1) p | CrossEntropy => forallb (Qle_bool 0) p && sums_to_1 p | Poisson => forallb (Qle_bool 0) p end.
Lemma entropy_one b : entropy [b] = b * - ln b.
Proof. unfold entropy. simpl. ring. Qed.
Lemma entropy_sum p : entropy p = sum (fun b => b * - ln b) p.
Proof. unfold entropy. induction p as [|b p IH]; simpl; auto. rewrite IH. auto. Qed.
Theorem domain_ok l p f y : in_domain l p = true -> length p = length y -> length f = length y -> real_entropy_of l (qv p) + (dot (qv p) f - dot (qv y) f) <= value_of_log l f (qv y).
Proof.
  intros H LP LF. assert (LY : length (qv y) = length y) by (unfold rv; apply map_length). assert (LQ : length (qv p) = length p) by (unfold rv; apply map_length).
  assert (BY : forall phi v, (forall b, closed_inside l b = true -> forall a c, phi (Q2R b) + (Q2R b - c) * a <= v a c) -> (forall b, In b p -> closed_inside l b = true) -> sum phi (qv p) + (dot (qv p) f - dot (qv y) f) <= sum2 v f (qv y)).
  { intros phi v HB HI. apply sum2_young; [congruence|congruence|]. intros b I a c. apply in_map_iff in I. destruct I as (x & <- & I). apply HB, HI, I. }
  unfold real_entropy_of. destruct l; cbn [in_domain value_of_log] in *.
  - rewrite forallb_forall in H. rewrite !entropy_sum, sum_map, <- sum_plus. apply BY; [|intros b I; apply H, I].
    intros b C a c. assert (Y := young Logistic b a c C). unfold real_entropy_of in Y. cbn [map] in Y. rewrite !entropy_one in Y. cbn [value_of_log value logistic by_output sum2] in Y. lra.
  - apply andb_prop in H. destruct H as [H1 H2]. rewrite forallb_forall in H1. cbn [value cross_entropy].
    assert (S1 : sum (fun b => b) (qv p) = 1) by (assert (S := sums_to_1_ok p (length p) eq_refl H2); rewrite <- LQ, dot_ones in S; exact S).
    assert (Y := class_young f (qv p) ltac:(congruence) ltac:(intros b I; apply in_map_iff in I; destruct I as (x & <- & I); specialize (H1 x I); apply Qle_bool_iff, Qle_Rle in H1; rewrite real_zero in H1; exact H1) S1). lra.
  - rewrite forallb_forall in H. rewrite !entropy_sum, <- sum_plus. apply BY; [|intros b I; apply H, I].
    intros b C a c. assert (Y := young Poisson b a c C). unfold real_entropy_of in Y. rewrite !entropy_one in Y. cbn [value_of_log value poisson by_output sum2 sum] in Y. lra.
Qed.

Definition rows_fit (d m : nat) (A : list (list Q)) : bool := (length A =? m)%nat && forallb (fun row => (length row =? S d)%nat) A.
Lemma rows_ok d m A : rows_fit d m A = true -> sized m d (rm QR A).
Proof.
  unfold rows_fit. intros H. apply andb_prop in H. destruct H as [H1 H2]. apply Nat.eqb_eq in H1. rewrite forallb_forall in H2. split; [unfold rm; rewrite map_length; auto|].
  intros row Hr. apply in_map_iff in Hr. destruct Hr as (r0 & <- & Hr). unfold rv. rewrite map_length. apply Nat.eqb_eq, H2, Hr.
Qed.
Definition moved (A B : list (list R)) (s : R) : list (list R) := map (fun e => map2 Rplus (fst e) (map (Rmult s) (snd e))) (combine A B).
Lemma map2_length {A} (g : A -> A -> A) : forall u v, length u = length v -> length (map2 g u v) = length v.
Proof. induction u; intros [|x v] Q; try discriminate; simpl; auto. Qed.
Lemma moved_sized m d A B s : sized m d A -> sized m d B -> sized m d (moved A B s).
Proof.
  intros [L1 R1] [L2 R2]. split; [unfold moved; rewrite map_length, combine_length; lia|]. intros row Hr. apply in_map_iff in Hr. destruct Hr as ([a b] & <- & I). cbn [fst snd].
  assert (Ia := in_combine_l _ _ _ _ I). assert (Ib := in_combine_r _ _ _ _ I). rewrite map2_length; rewrite map_length; rewrite ?R1, ?R2 by auto; auto.
Qed.
Lemma dot_moved s : forall u v x, length u = length v -> dot (map2 Rplus u (map (Rmult s) v)) x = dot u x + s * dot v x.
Proof. induction u as [|a u IH]; intros [|b v] [|c x] L; try discriminate; simpl; try ring. rewrite IH by (apply eq_add_S; auto). ring. Qed.
Lemma moved_map m d A B s x : sized m d A -> sized m d B -> affine_map (moved A B s) x = map2 Rplus (affine_map A x) (map (Rmult s) (affine_map B x)).
Proof.
  intros [L1 R1] [L2 R2]. unfold affine_map, moved. rewrite <- L2 in L1. clear L2. revert B L1 R1 R2. induction A as [|a A IH]; intros [|b B] L R1 R2; try discriminate; [reflexivity|].
  cbn [combine map map2]. rewrite <- (IH B (eq_add_S _ _ L) (fun r I => R1 r (or_intror I)) (fun r I => R2 r (or_intror I))). f_equal. cbn [fst snd]. apply dot_moved. rewrite R1, R2; auto; left; auto.
Qed.
Definition what_stays (l : log_loss) (dir near : list (list Q)) (s : list Q * list Q) : list Q * list Q :=
  let t := affine_T dir (fst s) in (staying (stays l t) (affine_T near (fst s)) t, staying (stays l t) (snd s) t).
Definition check_no_minimum (places : BinNums.positive) (p : problem_of log_loss) (P vss dir near uss : list (list Q)) (low high : Q) : bool :=
  let d := n_in p in let m := n_out p in let D := samples p in let l := loss_of p in
  let kept := what_stays l dir near in
  ltb Qops 0%Q (factor p) && check_sizes d m D && (length P =? length D)%nat && forallb (fun q => (length q =? m)%nat && in_domain l q) P && check_moments d m D P && entropy_at_least places p P vss low &&
  rows_fit d m dir && rows_fit d m near && forallb (fun s => sided l (affine_T dir (fst s)) (snd s)) D && existsb (fun s => moving l (affine_T dir (fst s))) D &&
  (length uss =? length D)%nat && forallb (fun e => match l with CrossEntropy => negb (length (fst (kept (fst e))) =? 0)%nat | _ => true end && loss_at_most places l (fst (kept (fst e))) (snd e)) (combine D uss) &&
  Qle_bool (mul Qops (factor p) (sumT Qops (fun e => loss_with (fst (kept (fst e))) (snd (kept (fst e))) (snd e)) (combine D uss))) high.
Lemma orthogonal d m (D : list (list Q * list Q)) P A : sized m d A -> (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> length P = length D -> (forall q, In q P -> length q = m) -> check_moments d m D P = true ->
  sum (fun e => dot (qv (snd e)) (affine_map A (qv (fst (fst e)))) - dot (qv (snd (fst e))) (affine_map A (qv (fst (fst e))))) (combine D P) = 0.
Proof.
  intros [LA RA] HD LP HP CM. unfold check_moments in CM. rewrite forallb_forall in CM.
  transitivity (sum (fun e => sumn m (fun k => sumn (S d) (fun j => nth j (nth k A []) 0 * ((nth k (qv (snd e)) 0 - nth k (qv (snd (fst e))) 0) * nth j (1 :: qv (fst (fst e))) 0)))) (combine D P)).
  - apply sum_ext. intros [s q] He. cbn [fst snd]. destruct (HD s (in_combine_l _ _ _ _ He)) as [L1 L2]. rewrite !(dot_sumn m) by (etransitivity; [apply affine_map_length|exact LA]).
    assert (G : forall (f g : nat -> R), sumn m f - sumn m g = sumn m (fun k => f k - g k)) by (clear; induction m as [|m IH]; intros f g; simpl; [ring|rewrite <- (IH (fun k => f (S k)) (fun k => g (S k))); ring]).
    rewrite G. apply sumn_ext. intros k Hk. rewrite affine_map_nth by lia.
    rewrite (dot_sumn (S d)) by (cbn [length]; f_equal; etransitivity; [apply map_length|exact L1]).
    assert (M : forall n (f : nat -> R) c, c * sumn n f = sumn n (fun j => c * f j)) by (clear; induction n as [|n IH]; intros f c; simpl; [ring|rewrite <- (IH (fun k => f (S k)) c); ring]).
    rewrite <- Rmult_minus_distr_r, M. apply sumn_ext. intros j _. ring.
  - rewrite sum_sumn. apply sumn_zero. intros k Hk. rewrite sum_sumn. apply sumn_zero. intros j Hj. rewrite sum_scal. specialize (CM k ltac:(apply in_seq; lia)). rewrite forallb_forall in CM. specialize (CM j ltac:(apply in_seq; lia)).
    apply (eqb_ok QR) in CM. rewrite sumT_ok in CM. cbn [toR QR] in CM. rewrite real_zero in CM. rewrite (sum_ext _ (fun sp => Q2R (mul Qops (sub Qops (nth k (snd sp) 0%Q) (nth k (snd (fst sp)) 0%Q)) (nth j (1%Q :: fst (fst sp)) 0%Q)))).
    + etransitivity; [apply f_equal; exact CM|ring].
    + intros e _. change Q2R with (toR QR). rewrite (toR_mul QR), (toR_sub QR). cbn [toR QR]. rewrite !nth_qv. f_equal. destruct j; cbn [nth]; [symmetry; apply real_one|apply nth_qv].
Qed.
Lemma split_sum a b x y z : z = x + y -> a + x + (b + y) = a + b + z.
Proof. intros ->. ring. Qed.
Theorem check_no_minimum_ok places p P vss dir near uss low high : check_no_minimum places p P vss dir near uss low high = true -> no_best_affine_map p low high.
Proof.
  unfold check_no_minimum. set (d := n_in p). set (m := n_out p). set (D := samples p). set (l := loss_of p).
  set (kept := what_stays l dir near).
  intros H. repeat (apply andb_prop in H; let C := fresh "C" in destruct H as [H C]). apply q_lt in H. rewrite real_zero in H. apply rows_ok in C4, C5. apply Nat.eqb_eq in C9, C1. rewrite forallb_forall in C8, C3, C0.
  assert (HD : forall s, In s D -> length (fst s) = d /\ length (snd s) = m).
  { intros s Hs. unfold check_sizes in C10. rewrite forallb_forall in C10. specialize (C10 s Hs). apply andb_prop in C10. destruct C10 as [A B]. apply Nat.eqb_eq in A, B. auto. }
  set (v := value_of_log l). set (risk := fun A => Q2R (factor p) * sum (fun s => v (affine_map A (fst s)) (snd s)) (real_samples D)).
  assert (RS : forall A, risk A = Q2R (factor p) * sum (fun s => v (affine_map A (qv (fst s))) (qv (snd s))) D) by (intros A; unfold risk, real_samples; rewrite sum_map; reflexivity).
  assert (LEN : forall A s, sized m d A -> In s D -> length (affine_map A (qv (fst s))) = length (qv (snd s))).
  { intros A s [LA _] Hs. rewrite affine_map_length, LA. unfold rv. rewrite map_length. symmetry. apply HD. auto. }
  assert (SD : forall s, In s D -> recedes v (affine_map (rm QR dir) (qv (fst s))) (qv (snd s)) /\ (moving l (affine_T dir (fst s)) = true -> falls v (affine_map (rm QR dir) (qv (fst s))) (qv (snd s))) /\
    tends v (affine_map (rm QR near) (qv (fst s))) (affine_map (rm QR dir) (qv (fst s))) (qv (snd s)) (v (qv (fst (kept s))) (qv (snd (kept s))))).
  { intros s Hs. destruct (sided_ok l _ _ (C3 s Hs)) as (L & S1 & S2 & S3). rewrite <- !affine_T_ok. split; [exact S1|]. split; [exact S2|]. apply S3. unfold affine_T. rewrite map_length. destruct C4 as [L4 _]. unfold rm in L4. rewrite map_length in L4. rewrite L4. symmetry. apply HD. auto. }
  unfold no_best_affine_map. fold d m D. change (value_of_log (loss_of p)) with v. split.
  - intros A SA. split.
    + (* the dual bound *)
      change (Q2R low <= risk A). apply entropy_at_least_ok in C6. apply Rle_trans with (1 := C6). rewrite RS. apply Rmult_le_compat_l; [lra|].
      assert (HP : forall q, In q P -> length q = m /\ in_domain l q = true) by (intros q Hq; specialize (C8 q Hq); apply andb_prop in C8; destruct C8 as [A1 A2]; apply Nat.eqb_eq in A1; auto).
      assert (OR := orthogonal d m D P A SA HD C9 (fun q Hq => proj1 (HP q Hq)) C7).
      assert (EP : sum (fun q => real_entropy p (qv q)) P = sum (fun e => real_entropy p (qv (snd e))) (combine D P)).
      { clear - C9. revert P C9. induction D as [|s D' IH]; intros [|q P] L; try discriminate; [reflexivity|]. cbn [combine sum snd]. rewrite (IH P) by (apply eq_add_S; auto). reflexivity. }
      assert (ED : sum (fun s => v (affine_map A (qv (fst s))) (qv (snd s))) D = sum (fun e : list Q * list Q * list Q => v (affine_map A (qv (fst (fst e)))) (qv (snd (fst e)))) (combine D P)).
      { clear - C9. revert P C9. induction D as [|s D' IH]; intros [|q P] L; try discriminate; [reflexivity|]. cbn [combine sum fst snd]. rewrite (IH P) by (apply eq_add_S; auto). reflexivity. }
      rewrite EP, ED. apply Rle_trans with (sum (fun e => real_entropy p (qv (snd e)) + (dot (qv (snd e)) (affine_map A (qv (fst (fst e)))) - dot (qv (snd (fst e))) (affine_map A (qv (fst (fst e)))))) (combine D P)).
      { rewrite sum_plus, OR, Rplus_0_r. apply Rle_refl. }
      apply sum_le. intros e He. assert (I1 := in_combine_l D P (fst e) (snd e)). assert (I2 := in_combine_r D P (fst e) (snd e)). rewrite <- surjective_pairing in I1, I2. specialize (I1 He). specialize (I2 He).
      destruct (HP _ I2) as [L2 Dm]. apply domain_ok; auto; [rewrite L2; symmetry; apply HD; auto|]. destruct SA as [LA _]. rewrite affine_map_length, LA. symmetry. apply HD. auto.
    + (* a better one *)
      exists (moved A (rm QR dir) 1). split; [apply moved_sized; auto|]. change (risk (moved A (rm QR dir) 1) < risk A). rewrite !RS. apply Rmult_lt_compat_l; auto.
      assert (ST : forall s : list Q * list Q, affine_map (moved A (rm QR dir) 1) (qv (fst s)) = map2 Rplus (affine_map A (qv (fst s))) (affine_map (rm QR dir) (qv (fst s)))).
      { intros s. rewrite (moved_map m d) by auto. rewrite map_one. reflexivity. }
      assert (LE : forall s : list Q * list Q, In s D -> v (affine_map (moved A (rm QR dir) 1) (qv (fst s))) (qv (snd s)) <= v (affine_map A (qv (fst s))) (qv (snd s))).
      { intros s Hs. rewrite ST. apply SD; auto. }
      apply existsb_exists in C2. destruct C2 as (s0 & I0 & M0). assert (LT : v (affine_map (moved A (rm QR dir) 1) (qv (fst s0))) (qv (snd s0)) < v (affine_map A (qv (fst s0))) (qv (snd s0))) by (rewrite ST; apply SD; auto).
      clear - LE LT I0. induction D as [|s D' IH]; [destruct I0|]. cbn [sum]. assert (A1 := LE s (or_introl eq_refl)). assert (A2 : sum (fun s => v (affine_map (moved A (rm QR dir) 1) (qv (fst s))) (qv (snd s))) D' <= sum (fun s => v (affine_map A (qv (fst s))) (qv (snd s))) D') by (apply sum_le; intros; apply LE; right; auto).
      destruct I0 as [->|I0]; [exact (Rplus_lt_le_compat _ _ _ _ LT A2)|]. exact (Rplus_le_lt_compat _ _ _ _ A1 (IH I0 (fun s Hs => LE s (or_intror Hs)))).
  - intros eps He.
    assert (X : exists K, 0 <= K /\ forall s, 0 < s -> sum (fun e => v (affine_map (moved (rm QR near) (rm QR dir) s) (qv (fst e))) (qv (snd e))) D <= sum (fun e => v (qv (fst (kept e))) (qv (snd (kept e)))) D + K * / s).
    { clear - SD C4 C5. induction D as [|e D' IH]; [exists 0; split; [lra|]; intros; simpl; lra|]. destruct IH as (K & PK & B); [intros; apply SD; right; auto|]. destruct (SD e (or_introl eq_refl)) as (_ & _ & K1 & P1 & B1).
      exists (K1 + K). split; [lra|]. intros s Hs. cbn [sum]. rewrite (moved_map m d) by auto. specialize (B s Hs). specialize (B1 s Hs). eapply Rle_trans; [exact (Rplus_le_compat _ _ _ _ B1 B)|]. apply Req_le. match goal with |- ?a + _ + (?b + _) = _ => exact (split_sum a b (K1 * / s) (K * / s) _ (Rmult_plus_distr_r K1 K (/ s))) end. }
    destruct X as (K & PK & B).
    assert (LIM : Q2R (factor p) * sum (fun e => v (qv (fst (kept e))) (qv (snd (kept e)))) D <= Q2R high).
    { apply Qle_bool_iff, Qle_Rle in C. apply Rle_trans with (2 := C). change Q2R with (toR QR). rewrite (toR_mul QR), (sumT_ok Qops QR). apply Rmult_le_compat_l; [apply Rlt_le; exact H|].
      assert (ED : sum (fun e => v (qv (fst (kept e))) (qv (snd (kept e)))) D = sum (fun e : list Q * list Q * list Q => v (qv (fst (kept (fst e)))) (qv (snd (kept (fst e))))) (combine D uss)).
      { clear - C1. revert uss C1. induction D as [|s D' IH]; intros [|q uss] L; try discriminate; [reflexivity|]. cbn [combine sum fst snd]. rewrite (IH uss) by (apply eq_add_S; auto). reflexivity. }
      rewrite ED. apply sum_le. intros e Hin. specialize (C0 e Hin). apply andb_prop in C0. destruct C0 as [N LM].
      assert (LK : length (fst (kept (fst e))) = length (snd (kept (fst e)))).
      { assert (I1 := in_combine_l D uss (fst e) (snd e)). rewrite <- surjective_pairing in I1. specialize (I1 Hin). unfold kept, what_stays. cbn [fst snd].
        assert (G : forall z (f y t : list Q), length f = length y -> length (staying z f t) = length (staying z y t)) by (intros z; induction f; intros [|c y] [|b t] L; try discriminate; simpl; auto; destruct (z b); simpl; auto).
        apply G. unfold affine_T. rewrite map_length. destruct C4 as [L4 _]. unfold rm in L4. rewrite map_length in L4. rewrite L4. symmetry. apply HD. auto. }
      destruct (fst (kept (fst e))) as [|a f'] eqn:EF.
      - destruct (snd (kept (fst e))) as [|]; [|discriminate]. unfold v. destruct l; cbn [parts_of map] in *; [|discriminate N|]; unfold loss_at_most in LM; cbn [parts_of map all_pairs] in LM; (destruct (snd e); [|discriminate]); right; symmetry; cbn; apply real_zero.
      - apply loss_at_most_ok with places; auto. discriminate. }
    set (s := Q2R (factor p) * (K + 1) * / eps). assert (Hs : 0 < s) by (apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; lra|apply Rinv_0_lt_compat; auto]).
    exists (moved (rm QR near) (rm QR dir) s). split; [apply moved_sized; auto|]. change (risk (moved (rm QR near) (rm QR dir) s) < Q2R high + eps). rewrite RS. specialize (B s Hs).
    assert (B2 := Rmult_le_compat_l (Q2R (factor p)) _ _ (Rlt_le _ _ H) B). rewrite Rmult_plus_distr_l in B2.
    assert (SM : Q2R (factor p) * (K * / s) < eps).
    { unfold s. replace (Q2R (factor p) * (K * / (Q2R (factor p) * (K + 1) * / eps))) with (eps * (K * / (K + 1))) by (field; lra).
      apply Rmult_lt_reg_r with (K + 1); [lra|]. replace (eps * (K * / (K + 1)) * (K + 1)) with (eps * K) by (field; lra). nra. }
    lra.
Qed.
