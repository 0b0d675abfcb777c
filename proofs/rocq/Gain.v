(* What a vector g proves about networks whose predictions f have <g, f> <= 0: c <g,y>^2 / <g,g> for squared loss, and for
   Huber's c (t <g,y> - t^2 <g,g> / 2) with any t >= 0 and t |g_i| <= delta. *)
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
