(* What a vector g proves about networks whose predictions f have <g, f> <= 0: c <g,y>^2 / <g,g> for squared loss, and for
   Huber's c (t <g,y> - t^2 <g,g> / 2) with any t >= 0 and t |g_i| <= delta; for absolute, quantile and hinge loss c t <g,y> with any
   t >= 0 for which each -t g_i lies between the loss's slopes at the ends. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Bool Arith.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck.
Import ListNotations.
Open Scope R_scope.

(* Cauchy and Schwarz *)
Lemma dot_ub gs : forall es S, 0 < S -> dot gs es >= S -> length gs = length es -> 0 < dot gs gs /\ S * S <= dot gs gs * dot es es.
Proof.
  intros es S HS H L.
  assert (A : forall l u v, length u = length v -> 2 * l * dot u v - l * l * dot u u <= dot v v).
  { intros l. induction u; intros [|y v] Q; simpl in *; try discriminate; [lra|].
    assert (2 * l * dot u v - l * l * dot u u <= dot v v) by auto. assert (0 <= (y - l * a) * (y - l * a)) by apply Rle_0_sqr. nra. }
  assert (P : 0 < dot gs gs).
  { destruct (Rle_lt_dec (dot gs gs) 0); auto. exfalso.
    assert (Z : forall u, 0 <= dot u u) by (induction u as [|x u]; simpl; [lra|assert (0 <= x * x) by apply Rle_0_sqr; lra]).
    assert (dot gs gs = 0) by (specialize (Z gs); lra).
    assert (B := A ((dot es es + 1) / S) gs es L). rewrite H0 in B.
    assert ((dot es es + 1) / S * dot gs es >= dot es es + 1).
    { apply Rle_ge. apply Rle_trans with ((dot es es + 1) / S * S); [right; field; lra|]. apply Rmult_le_compat_l; [|lra].
      apply Rmult_le_pos; [specialize (Z es); lra|apply Rlt_le, Rinv_0_lt_compat; auto]. }
    assert (Z' := Z es). lra. }
  split; auto. assert (B := A (S / dot gs gs) gs es L).
  assert (S / dot gs gs * S <= S / dot gs gs * dot gs es).
  { apply Rmult_le_compat_l; [|lra]. apply Rlt_le, Rdiv_lt_0_compat; auto. }
  assert (C : S / dot gs gs * S <= dot es es).
  { replace (S / dot gs gs * (S / dot gs gs) * dot gs gs) with (S / dot gs gs * S) in B by (field; lra). lra. }
  replace (S * S) with (dot gs gs * (S / dot gs gs * S)) by (field; lra). apply Rmult_le_compat_l; lra.
Qed.

(* the tangent of Huber's loss with slope s, seen from the target *)
Lemma huber_dual d s a y : Rabs s <= d -> s * (y - a) - s * s / 2 <= huber1 d a y.
Proof.
  intros S. assert (S1 : - d <= s <= d) by (unfold Rabs in S; destruct (Rcase_abs s); lra). unfold huber1. replace (y - a) with (- (a - y)) by ring. generalize (a - y). intros e.
  assert (Q1 := Rle_0_sqr (s + e)). assert (Q2 := Rle_0_sqr (s + d)). assert (Q3 := Rle_0_sqr (s - d)). unfold Rsqr in *.
  destruct (Rle_dec e (- d)); [nra|]. destruct (Rle_dec d e); nra.
Qed.
Lemma huber_sum d t : forall g f y, length g = length f -> length f = length y -> (forall a, In a g -> Rabs (t * a) <= d) ->
  t * (dot g y - dot g f) - t * t * dot g g / 2 <= sum2 (huber1 d) f y.
Proof.
  induction g as [|a g IH]; intros [|b f] [|c y] L1 L2 H; try discriminate; simpl; [lra|].
  assert (Q := IH f y ltac:(simpl in L1; lia) ltac:(simpl in L2; lia) (fun a Ha => H a (or_intror Ha))). assert (P := huber_dual d (t * a) b c (H a (or_introl eq_refl))). lra.
Qed.

(* ---- the same with rational numbers ---- *)
Lemma real_zero : Q2R 0 = 0.
Proof. unfold Q2R. simpl. lra. Qed.
Definition rational (g : list Z) : list Q := map inject_Z g.
Lemma rational_ok g : rv QR (rational g) = rv ZR g.
Proof. unfold rational, rv. rewrite map_map. apply map_ext. intros z. cbn [toR QR ZR]. unfold Q2R, inject_Z. simpl. lra. Qed.
Definition gain_squared (c rho : Q) (y : list Q) (g : list Z) : bool :=
  let g := rational g in let s := dotT Qops g y in
  ltb Qops 0%Q s && leb Qops (mul Qops rho (dotT Qops g g)) (mul Qops c (mul Qops s s)).
Definition largest (g : list Z) : Z := fold_right (fun x m => Z.max (Z.abs x) m) 0%Z g.
Definition gain_huber (delta c rho : Q) (y : list Q) (g : list Z) : bool :=
  let top := largest g in let g := rational g in let s := dotT Qops g y in let n := dotT Qops g g in
  let free := qnorm (s / n) in let bound := qnorm (delta / inject_Z top) in let t := if Qle_bool free bound then free else bound in
  leb Qops 0%Q t && forallb (fun a => let e := mul Qops t a in leb Qops e delta && leb Qops (sub Qops 0%Q delta) e) g &&
  leb Qops rho (mul Qops c (sub Qops (mul Qops t s) (mul Qops (mul Qops (mul Qops t t) n) (1 # 2)))).

Lemma dot_minus : forall g y f, length y = length f -> dot g (map (fun p => fst p - snd p) (combine y f)) = dot g y - dot g f.
Proof. induction g as [|a g IH]; intros [|b y] [|c f] L; try discriminate; simpl; try ring. rewrite IH by (simpl in L; lia). ring. Qed.
Lemma squares : forall f y, length f = length y -> dot (map (fun p => fst p - snd p) (combine y f)) (map (fun p => fst p - snd p) (combine y f)) = sum2 (fun a b => (a - b) * (a - b)) f y.
Proof. induction f as [|a f IH]; intros [|b y] L; try discriminate; simpl; [auto|]. rewrite IH by (simpl in L; lia). ring. Qed.
Theorem gain_squared_ok c rho y g f : 0 <= Q2R c -> length g = length f -> length f = length y -> dot (rv ZR g) f <= 0 -> gain_squared c rho y g = true ->
  Q2R rho <= Q2R c * sum2 (fun a b => (a - b) * (a - b)) f (rv QR y).
Proof.
  intros Hc L1 L2 P H. apply andb_prop in H. destruct H as [H1 H2]. apply (ltb_ok QR) in H1. apply (leb_ok QR) in H2.
  rewrite (dotT_ok Qops QR), rational_ok in H1. rewrite !(toR_mul QR), !(dotT_ok Qops QR), !rational_ok in H2. cbn [toR QR] in H1, H2. rewrite real_zero in H1. set (S := dot (rv ZR g) (rv QR y)) in *.
  set (e := map (fun p => fst p - snd p) (combine (rv QR y) f)). assert (Ly : length (rv QR y) = length f) by (unfold rv; rewrite map_length; auto).
  destruct (dot_ub (rv ZR g) e S H1) as [P1 P2].
  - unfold e. rewrite dot_minus by auto. fold S. lra.
  - unfold e. rewrite map_length, combine_length, Ly, Nat.min_id. unfold rv. rewrite map_length. auto.
  - unfold e in P2. rewrite squares in P2 by auto. set (E := sum2 _ f (rv QR y)) in *. apply Rmult_le_reg_r with (dot (rv ZR g) (rv ZR g)); auto.
    apply Rle_trans with (1 := H2). rewrite Rmult_assoc, (Rmult_comm E). apply Rmult_le_compat_l; auto.
Qed.
Theorem gain_huber_ok delta c rho y g f : 0 <= Q2R c -> length g = length f -> length f = length y -> dot (rv ZR g) f <= 0 -> gain_huber delta c rho y g = true ->
  Q2R rho <= Q2R c * sum2 (huber1 (Q2R delta)) f (rv QR y).
Proof.
  intros Hc L1 L2 P H. unfold gain_huber in H. set (t := if Qle_bool _ _ then _ else _) in H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  apply (leb_ok QR) in H1, H3. cbn [toR QR] in H1. rewrite real_zero in H1. rewrite forallb_forall in H2. rewrite !(toR_mul QR), (toR_sub QR), !(toR_mul QR), !(dotT_ok Qops QR), !rational_ok in H3.
  cbn [toR QR] in *. assert (HALF : Q2R (1 # 2) = / 2) by (unfold Q2R; simpl; lra). rewrite HALF in H3.
  assert (B : forall a, In a (rv ZR g) -> Rabs (Q2R t * a) <= Q2R delta).
  { intros a Ha. rewrite <- rational_ok in Ha. apply in_map_iff in Ha. destruct Ha as (x & <- & Hx). specialize (H2 x Hx). cbv zeta in H2. apply andb_prop in H2. destruct H2 as [U V].
    apply (leb_ok QR) in U, V. rewrite (toR_mul QR) in U, V. rewrite (toR_sub QR) in V. cbn [toR QR] in *. rewrite real_zero in V. apply Rabs_le. lra. }
  assert (Q := huber_sum (Q2R delta) (Q2R t) (rv ZR g) f (rv QR y)). unfold rv in Q at 1 2. rewrite !map_length in Q. specialize (Q L1 L2 B).
  apply Rle_trans with (1 := H3). apply Rmult_le_compat_l; auto. assert (0 <= Q2R t * - dot (rv ZR g) f) by (apply Rmult_le_pos; lra). lra.
Qed.
(* the slopes of a loss at -oo and oo, and that they support it at the label *)
Definition ends_of (f : R -> R -> R) (low high : Q -> Q) (ok : Q -> bool) : Prop :=
  forall y, ok y = true -> forall a, Q2R (low y) * (a - Q2R y) <= f a (Q2R y) /\ Q2R (high y) * (a - Q2R y) <= f a (Q2R y).
Definition farthest (low high : Q) (g : Q) : option Q :=
  if ltb Qops 0%Q g then Some (qnorm (- low / g)) else if ltb Qops g 0%Q then Some (qnorm (- high / g)) else None.
Definition nearer (a b : option Q) : option Q := match a, b with Some x, Some y => if Qle_bool x y then Some x else Some y | None, b => b | a, None => a end.
Definition gain_bent (low high : Q -> Q) (ok : Q -> bool) (c rho : Q) (y : list Q) (g : list Z) : bool :=
  let g := rational g in let e := combine g y in
  let t := match fold_right (fun p m => nearer (farthest (low (snd p)) (high (snd p)) (fst p)) m) None e with Some t => t | None => 0%Q end in
  leb Qops 0%Q t && forallb (fun p => let s := sub Qops 0%Q (mul Qops t (fst p)) in ok (snd p) && leb Qops (low (snd p)) s && leb Qops s (high (snd p))) e &&
  leb Qops rho (mul Qops c (mul Qops t (dotT Qops g y))).
Lemma bent_sum f low high ok t : ends_of f low high ok -> forall g a y, length g = length a -> length a = length y ->
  (forall p, In p (combine g y) -> ok (snd p) = true /\ Q2R (low (snd p)) <= - (t * Q2R (fst p)) <= Q2R (high (snd p))) ->
  t * (dot (rv QR g) (rv QR y) - dot (rv QR g) a) <= sum2 f a (rv QR y).
Proof.
  intros E. induction g as [|x g IH]; intros [|b a] [|z y] L1 L2 H; try discriminate; cbn [rv map dot sum2]; [lra|]. change (map (toR QR) g) with (rv QR g). change (map (toR QR) y) with (rv QR y).
  assert (I := IH a y ltac:(simpl in L1; lia) ltac:(simpl in L2; lia) (fun p Hp => H p (or_intror Hp))). destruct (H _ (or_introl eq_refl)) as [O [B1 B2]]. cbn [fst snd] in *.
  destruct (E z O b) as [E1 E2]. cbn [toR QR]. assert (S : - (t * Q2R x) * (b - Q2R z) <= f b (Q2R z)).
  { destruct (Rle_lt_dec 0 (b - Q2R z)) as [P|P]; [apply Rle_trans with (2 := E2); apply Rmult_le_compat_r; auto|apply Rle_trans with (2 := E1)].
    apply Ropp_le_cancel. rewrite !Ropp_mult_distr_r. apply Rmult_le_compat_r; lra. }
  lra.
Qed.
Theorem gain_bent_ok f low high ok c rho y g a : ends_of f low high ok -> 0 <= Q2R c -> length g = length a -> length a = length y -> dot (rv ZR g) a <= 0 ->
  gain_bent low high ok c rho y g = true -> Q2R rho <= Q2R c * sum2 f a (rv QR y).
Proof.
  intros E Hc L1 L2 P H. unfold gain_bent in H. set (t := match fold_right _ _ _ with Some _ => _ | None => _ end) in H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  apply (leb_ok QR) in H1, H3. cbn [toR QR] in H1. rewrite real_zero in H1. rewrite forallb_forall in H2. rewrite !(toR_mul QR), (dotT_ok Qops QR) in H3. cbn [toR QR] in H3.
  clearbody t. apply Rle_trans with (1 := H3). apply Rmult_le_compat_l; auto.
  assert (B := bent_sum f low high ok (Q2R t) E (rational g) a y). unfold rational in B at 1. rewrite map_length in B.
  assert (X : forall p, In p (combine (rational g) y) -> ok (snd p) = true /\ Q2R (low (snd p)) <= - (Q2R t * Q2R (fst p)) <= Q2R (high (snd p))).
  { intros p Hp. specialize (H2 p Hp). cbv zeta in H2. apply andb_prop in H2. destruct H2 as [H2 U]. apply andb_prop in H2. destruct H2 as [O V].
    apply (leb_ok QR) in U, V. rewrite (toR_sub QR), (toR_mul QR) in U, V. cbn [toR QR] in U, V. rewrite real_zero in U, V. rewrite Rminus_0_l in U, V. split; [auto|split; [exact V|exact U]]. }
   specialize (B L1 L2 X). rewrite rational_ok in B. rewrite <- rational_ok in P. assert (0 <= Q2R t * - dot (rv QR (rational g)) a) by (apply Rmult_le_pos; lra).
  rewrite rational_ok in *. lra.
Qed.
Lemma absolute_ends : ends_of absolute1 (fun _ => -1)%Q (fun _ => 1)%Q (fun _ => true).
Proof. intros y _ a. replace (Q2R (-1)) with (-1) by (unfold Q2R; simpl; lra). replace (Q2R 1) with 1 by (unfold Q2R; simpl; lra). unfold absolute1, Rabs. destruct (Rcase_abs _); split; lra. Qed.
Lemma quantile_ends tau : ends_of (quantile1 (Q2R tau)) (fun _ => - tau)%Q (fun _ => 1 - tau)%Q (fun _ => true).
Proof.
  intros y _ a. rewrite Q2R_opp, Q2R_minus. replace (Q2R 1) with 1 by (unfold Q2R; simpl; lra). unfold quantile1. destruct (Rle_dec _ _); split; lra.
Qed.
Definition hinge_low (y : Q) : Q := if Qle_bool 0 y then (- y)%Q else 0%Q.
Definition hinge_high (y : Q) : Q := if Qle_bool 0 y then 0%Q else (- y)%Q.
Lemma hinge_ends : ends_of hinge1 hinge_low hinge_high (fun y => Qeq_bool (y * y) 1).
Proof.
  intros y O a. apply Qeq_bool_eq, Qeq_eqR in O. rewrite Q2R_mult in O. replace (Q2R 1) with 1 in O by (unfold Q2R; simpl; lra). unfold hinge_low, hinge_high, hinge1.
  assert (M1 := Rmax_l 0 (1 - Q2R y * a)). assert (M2 := Rmax_r 0 (1 - Q2R y * a)). destruct (Qle_bool 0 y); rewrite ?Q2R_opp, real_zero; split; lra.
Qed.
