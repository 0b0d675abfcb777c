(* span_minimum by pieces of which one is flat: hidden units that are strictly inside such pieces, and the best constants as predictions. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses Theorem1 Statements InteriorMinimum LinearAlgebra Construction AttainedMinimum Theorem1Proof Theorem1Losses SpanMinimum Numbers InteriorCheck TreeBound FunctionBound Gain
  Theorem1Check Enclosure SpanCheck ZeroInfimum NoMinimum.
Import ListNotations.
Open Scope R_scope.

(* ---- over the reals ---- *)
Fixpoint flat_in (N : list (bool * nat)) (P : list (list (R * R))) : Prop := match N with [] => False | _ :: N' => (forall e, In e (hd [] P) -> fst e = 0) \/ flat_in N' (tl P) end.
Lemma kill_flat : forall N P (S : list samp), (forall s, In s S -> spat s = P) -> sum swt S = 0 -> flat_in N P -> kill N S.
Proof.
  induction N as [|[b w] N IH]; intros P S HP H0 HF; [destruct HF|]. simpl. intros j _. set (so := nth j (hd [] P) (0, 0)).
  assert (PJ : forall s, In s S -> piece_of j s = so) by (intros s Hs; unfold piece_of; rewrite (HP s Hs); auto).
  assert (TL : forall s, In s (map (advance j) S) -> spat s = tl P) by (intros s Hs; apply in_map_iff in Hs; destruct Hs as (s' & <- & Hs); unfold advance, spat; simpl; f_equal; apply (HP s' Hs)).
  split; [|split].
  - transitivity (snd so * sum swt S); [|rewrite H0; ring]. rewrite <- sum_scal. apply sum_ext. intros s Hs. rewrite (PJ s Hs). ring.
  - intros _. transitivity (fst so * sum swt S); [|rewrite H0; ring]. rewrite <- sum_scal. apply sum_ext. intros s Hs. rewrite (PJ s Hs). ring.
  - destruct HF as [Z|HF].
    + assert (F0 : fst so = 0) by (unfold so; destruct (nth_in_or_default j (hd [] P) (0, 0)) as [I|D]; [apply Z, I|rewrite D; auto]).
      assert (W0 : forall s, In s (map (advance j) S) -> swt s = 0) by (intros s Hs; apply in_map_iff in Hs; destruct Hs as (s' & <- & Hs); unfold advance, swt; simpl; rewrite (PJ s' Hs), F0; ring).
      apply (kill_uniform N (tl P)); [exact TL|apply sum_0; auto|]. intros q. apply sum_0. intros s Hs. rewrite W0 by auto. ring.
    + apply (IH (tl P)); auto. rewrite sum_map. transitivity (fst so * sum swt S); [|rewrite H0; ring]. rewrite <- sum_scal. apply sum_ext. intros s Hs. unfold advance, swt at 1. simpl. rewrite (PJ s Hs). ring.
Qed.
(* an output layer that predicts cs; t: how far along the path *)
Definition constant_rows (cs : list R) (a0 : R) (H : nat) (t : R) : list (list R) :=
  match cs with [] => [] | c :: cs' => (c - t * a0 :: t :: repeat 0 H) :: map (fun c => c :: repeat 0 (S H)) cs' end.
Lemma constant_layer cs a0 a t : layer (true, identity) (constant_rows cs a0 (length a) t) (a0 :: a) = cs.
Proof.
  assert (ID : forall z, ev identity z = z) by (intros z; unfold ev, identity; simpl; ring). assert (Z : forall n v, dot (repeat 0 n) v = 0) by (induction n; intros [|x v]; simpl; auto; rewrite IHn; ring).
  destruct cs as [|c cs]; [reflexivity|]. unfold layer, constant_rows. cbn [map fst snd ext]. rewrite ID. f_equal; [simpl; rewrite Z; ring|]. rewrite map_map. rewrite <- (map_id cs) at 2. apply map_ext. intros b. cbn [fst snd ext]. rewrite ID. change (repeat 0 (S (length a))) with (0 :: repeat 0 (length a)). simpl. rewrite Z. ring.
Qed.
Lemma identity_inside a : forall W L, L = repeat (1, 0) (length W) -> inside_units (true, identity) L W a.
Proof.
  induction W as [|row W IH]; intros L ->; simpl; auto. split; [|apply IH; auto]. exists 1. split; [lra|]. intros z' _. unfold ev, identity. simpl. ring.
Qed.
Theorem flat_minima (L : convex_loss) c m N D P below cs a0 a : 0 <= c -> (forall s, In s D -> length (snd s) = m) -> length cs = m ->
  (forall s, In s D -> inside N P below (fst s) /\ net N below (fst s) = a0 :: a) -> flat_in (shapeN N below) P ->
  (forall k, (k < m)%nat -> sum (fun s => nth k (slope L cs (snd s)) 0) D = 0) ->
  forall t, let th := constant_rows cs a0 (length a) t :: below in local_min (risk_of (value L) c ((true, identity) :: N) D) th /\ forall s, In s D -> net ((true, identity) :: N) th (fst s) = cs.
Proof.
  intros Hc HD LC HN HF ST t th. assert (NET : forall s, In s D -> net ((true, identity) :: N) th (fst s) = cs) by (intros s Hs; cbn [net th]; unfold th; rewrite (proj2 (HN s Hs)); apply constant_layer).
  split; auto. set (rows := constant_rows cs a0 (length a) t) in *. assert (LR : length rows = m) by (unfold rows, constant_rows; destruct cs; simpl in *; [auto|rewrite map_length; auto]).
  set (PP := repeat (1, 0) m :: P). replace D with (map fst (map (fun s : list R * list R => (s, PP)) D)) by (rewrite map_map; apply map_id). apply (interior_minimum L) with m; auto.
  - intros d Hd. apply in_map_iff in Hd. destruct Hd as (s & <- & Hs). cbn [fst snd]. split; [|rewrite NET by auto; auto]. cbn [inside th PP hd tl]. split; [left; apply identity_inside; rewrite LR; auto|apply HN; auto].
  - intros k Hk. cbn [shapeN th kill fst]. unfold th. cbn [shapeN kill fst]. intros j Hj. fold rows in Hj. rewrite LR in Hj. set (S := map (residual L ((true, identity) :: N) (rows :: below) k) (map (fun s : list R * list R => (s, PP)) D)).
    assert (PJ : forall s, In s S -> piece_of j s = (1, 0) /\ spat s = PP).
    { intros s Hs. unfold S in Hs. apply in_map_iff in Hs. destruct Hs as (d & <- & Hd). apply in_map_iff in Hd. destruct Hd as (s0 & <- & _). split; [|reflexivity]. unfold piece_of, residual, spat, PP. cbn [fst snd hd].
      assert (R : forall n i, (i < n)%nat -> nth i (repeat (1, 0) n) (0, 0) = (1, 0)) by (induction n; intros [|i] Hi; simpl; try lia; auto; apply IHn; lia). apply R; auto. }
    assert (S0 : sum swt S = 0).
    { unfold S. rewrite !sum_map. etransitivity; [|exact (ST k Hk)]. apply sum_ext. intros s Hs. unfold residual, swt. cbn [fst snd]. change (rows :: below) with th. rewrite NET by auto. reflexivity. }
    split; [apply sum_0; intros s Hs; rewrite (proj1 (PJ s Hs)); simpl; ring|]. split; [intros _; rewrite <- S0; apply sum_ext; intros s Hs; rewrite (proj1 (PJ s Hs)); simpl; ring|].
    apply (kill_flat _ P); auto.
    + intros s Hs. apply in_map_iff in Hs. destruct Hs as (s' & <- & Hs). unfold advance, spat. simpl. change (snd (fst s')) with (spat s'). rewrite (proj2 (PJ s' Hs)). reflexivity.
    + rewrite sum_map. rewrite <- S0. apply sum_ext. intros s Hs. unfold advance, swt at 1. simpl. rewrite (proj1 (PJ s Hs)). simpl. unfold swt. ring.
Qed.

(* ---- with rational numbers ---- *)
Fixpoint same_trace (p q : list (list (Q * Q))) : bool :=
  match p, q with
  | [], [] => true
  | L :: p', L' :: q' => all_pairs (fun a b => Qeq_bool (fst a) (fst b) && Qeq_bool (snd a) (snd b)) L L' && same_trace p' q'
  | _, _ => false
  end.
Lemma same_trace_ok : forall p q, same_trace p q = true -> map (rso QR) p = map (rso QR) q.
Proof.
  assert (G : forall L L', all_pairs (fun a b : Q * Q => Qeq_bool (fst a) (fst b) && Qeq_bool (snd a) (snd b)) L L' = true -> rso QR L = rso QR L').
  { induction L as [|e L IH]; intros [|e' L'] H; try discriminate; [reflexivity|]. cbn [all_pairs] in H. apply andb_prop in H. destruct H as [H1 H2]. apply andb_prop in H1. destruct H1 as [A B].
    unfold rso in *. cbn [map]. f_equal; [f_equal; apply q_eq; auto|apply IH; auto]. }
  induction p as [|L p IH]; intros [|L' q] H; try discriminate; [reflexivity|]. cbn [same_trace] in H. apply andb_prop in H. destruct H as [H1 H2]. cbn [map]. f_equal; auto.
Qed.
Definition flat_layer (L : list (Q * Q)) : bool := forallb (fun e => Qeq_bool (fst e) 0) L.
Lemma flat_ok : forall (N : list (bool * nat)) p, length p = length N -> existsb flat_layer p = true -> flat_in N (map (rso QR) p).
Proof.
  induction N as [|n N IH]; intros [|L p] HL H; try discriminate. cbn [existsb] in H. apply orb_prop in H. cbn [flat_in map hd tl]. destruct H as [H|H]; [left|right; apply IH; auto].
  intros e He. unfold rso in He. apply in_map_iff in He. destruct He as (x & <- & Hx). unfold flat_layer in H. rewrite forallb_forall in H. cbn [fst]. etransitivity; [apply q_eq, H, Hx|apply real_zero].
Qed.
Definition same_at (Ls : list (bool * act Q)) (below : params Q) (p0 : list (list (Q * Q))) (a0 x : list Q) : bool :=
  match traceT Qops Ls below x with Some (p1, a1) => same_trace p1 p0 && sameT Qops a1 a0 | None => false end.
Lemma same_at_ok Ls below p0 a0 x : same_at Ls below p0 a0 x = true -> inside (rN QR Ls) (map (rso QR) p0) (real below) (qv x) /\ net (rN QR Ls) (real below) (qv x) = qv a0.
Proof.
  unfold same_at. destruct (traceT Qops Ls below x) as [[p1 a1]|] eqn:E; [|discriminate]. intros H. apply andb_prop in H. destruct H as [T1 T2]. destruct (traceT_ok Qops QR Ls below x p1 a1 E) as [I1 I2].
  apply same_trace_ok in T1. apply (sameT_iff Qops QR) in T2. rewrite <- T1. split; [exact I1|]. rewrite <- T2. exact I2.
Qed.
Definition bare (D : list (list Q * list Q)) : list (list Q * list Q) := map (fun s => ([], snd s)) D.
(* below: hidden layers; mean: the labels' mean; P: probabilities or rates with its moments, vss: above the logarithms of their entropies;
   near: constants, uss: numbers for their risk *)
Definition check_flat (places : BinNums.positive) (p : problem_of log_loss) (widths : list nat) (below : params Q) (mean : list Q) (P vss : list (list Q)) (near : list Q) (uss : list (list Q)) (low high : Q) : bool :=
  match layers p, samples p, widths with
  | (bo, a) :: Ls, s0 :: _, S w :: _ =>
      let d := n_in p in let m := n_out p in let D := samples p in
      match traceT Qops Ls below (fst s0) with
      | Some (p0, a0) =>
          bo && is_identity a && ltb Qops 0%Q (factor p) && (0 <? m)%nat && check_sizes d m D && shapedb (widths ++ [d]) below && (length a0 =? S w)%nat &&
          (length p0 =? length Ls)%nat && (length below =? length Ls)%nat && existsb flat_layer p0 &&
          forallb (fun s => same_at Ls below p0 a0 (fst s)) D &&
          (length mean =? m)%nat && check_inside p [mean] && forallb (fun k => Qeq_bool (sumT Qops (fun s => sub Qops (nth k mean 0%Q) (nth k (snd s) 0%Q)) D) 0) (seq 0 m) &&
          (length P =? length D)%nat && forallb (fun q => (length q =? m)%nat && in_domain (loss_of p) q) P && check_moments 0 m (bare D) P && entropy_at_least places p P vss low &&
          (length near =? m)%nat && risk_at_most places p (map (fun _ => near) D) uss high
      | None => false
      end
  | _, _, _ => false
  end.
Lemma constant_shape cs a0 H t ws below : ws <> [] -> hd 0%nat ws = S H -> shaped ws below -> (0 < length cs)%nat -> shaped (length cs :: ws) (constant_rows cs a0 H t :: below).
Proof.
  intros NE HW HS HC. destruct ws as [|w ws]; [congruence|]. cbn [hd] in HW. subst w. cbn [shaped]. destruct cs as [|c cs]; [simpl in HC; lia|]. split; [simpl; rewrite map_length; auto|]. split; [|exact HS].
  intros row [<-|Hr]; [simpl; rewrite repeat_length; auto|]. apply in_map_iff in Hr. destruct Hr as (b & <- & _). simpl. rewrite repeat_length. auto.
Qed.
Lemma rows_apart cs a0 H t t' : (0 < length cs)%nat -> constant_rows cs a0 H t = constant_rows cs a0 H t' -> t = t'.
Proof. destruct cs as [|c cs]; simpl; [lia|]. intros _ E. inversion E. auto. Qed.
Lemma rows_continuous cs a0 H below : continuous_path (fun t => constant_rows cs a0 H t :: below).
Proof.
  intros t e He. destruct cs as [|c cs]; [exists 1; split; [lra|]; intros; apply close_refl; auto|].
  assert (A := Rabs_pos a0). exists (e / (1 + Rabs a0)). assert (P : 0 < e / (1 + Rabs a0)) by (apply Rdiv_lt_0_compat; lra). split; auto. intros t' Ht. constructor; [|apply close_refl; auto].
  assert (B : Rabs (t' - t) * (1 + Rabs a0) < e) by (replace e with (e / (1 + Rabs a0) * (1 + Rabs a0)) by (field; lra); apply Rmult_lt_compat_r; lra). assert (Q := Rabs_pos (t' - t)).
  constructor; [|apply close2_refl; auto]. constructor; [|constructor; [nra|apply close1_refl; auto]].
  replace (c - t' * a0 - (c - t * a0)) with (- ((t' - t) * a0)) by ring. rewrite Rabs_Ropp, Rabs_mult. nra.
Qed.
Lemma rows_unbounded cs a0 H below : (0 < length cs)%nat -> unbounded_path (fun t => constant_rows cs a0 H t :: below).
Proof.
  intros HC bound. destruct cs as [|c cs]; [simpl in HC; lia|]. exists (Rabs bound + 1). assert (A := Rabs_pos bound). split; [lra|].
  exists (constant_rows (c :: cs) a0 H (Rabs bound + 1)), (c - (Rabs bound + 1) * a0 :: Rabs bound + 1 :: repeat 0 H), (Rabs bound + 1). split; [left; auto|]. split; [left; auto|]. split; [right; left; auto|].
  rewrite (Rabs_right (Rabs bound + 1)) by lra. assert (B := Rle_abs bound). lra.
Qed.
Theorem check_flat_ok places p widths below mean P vss near uss low high : check_flat places p widths below mean P vss near uss low high = true -> minima_at_constants p widths low high.
Proof.
  unfold check_flat. destruct (layers p) as [|[bo ai] Ls] eqn:EN; [discriminate|]. destruct (samples p) as [|s0 D0] eqn:ED; [discriminate|]. destruct widths as [|[|w] widths']; try discriminate.
  destruct (traceT Qops Ls below (fst s0)) as [[p0 a0]|] eqn:ET; [|discriminate]. set (widths := S w :: widths'). set (d := n_in p). set (m := n_out p). rewrite <- ED. set (D := samples p) in *. intros H.
  repeat (apply andb_prop in H; let C := fresh "C" in destruct H as [H C]). destruct bo; [|discriminate]. rename C17 into CI. apply q_lt in C16. rewrite real_zero in C16. apply Nat.ltb_lt in C15. apply Nat.eqb_eq in C12, C11, C10, C7, C4, C0.
  assert (HD : forall s, In s D -> length (fst s) = d /\ length (snd s) = m).
  { intros s Hs. unfold check_sizes in C14. rewrite forallb_forall in C14. specialize (C14 s Hs). apply andb_prop in C14. destruct C14 as [A B]. apply Nat.eqb_eq in A, B. auto. }
  assert (EA : real_layers (layers p) = (true, identity) :: rN QR Ls).
  { rewrite EN. change (real_layers ((true, ai) :: Ls)) with ((true, ra QR ai) :: rN QR Ls). f_equal. f_equal. rewrite (is_identity_ok ai CI). unfold ra, identity. simpl. rewrite real_one, real_zero. reflexivity. }
  set (L := real_loss (loss_of p)). set (DD := rD QR D). set (D1 := rD QR (bare D)).
  assert (HD1 : forall s, In s D1 -> length (fst s) = 0%nat /\ length (snd s) = m).
  { intros s Hs. unfold D1, rD, bare in Hs. rewrite map_map in Hs. apply in_map_iff in Hs. destruct Hs as (s' & <- & Hs). cbn [fst snd]. split; [reflexivity|]. unfold rv. rewrite map_length. apply HD, Hs. }
  (* some constants are best *)
  assert (MO : same_moments m D1 (fun _ => qv mean)).
  { intros k j Hk. destruct j as [|j]; [|apply sum_0; intros s Hs; destruct (HD1 s Hs) as [L0 _]; destruct (fst s); [|discriminate]; destruct j; simpl; ring].
    rewrite forallb_forall in C5. specialize (C5 k ltac:(apply in_seq; lia)). apply q_eq in C5. change Q2R with (toR QR) in C5. rewrite (sumT_ok Qops QR) in C5. cbn [toR QR] in C5. rewrite real_zero in C5.
    etransitivity; [|exact C5]. unfold D1, rD, bare. rewrite map_map, sum_map. apply sum_ext. intros s _. cbn [fst snd nth]. rewrite Rmult_1_r, !nth_qv. symmetry. apply (toR_sub QR). }
  assert (LM : length (qv mean) = m) by (unfold rv; rewrite map_length; auto).
  assert (BEST : (exists A, least_affine L m 0 D1 A) /\ differentiable L m).
  { unfold check_inside in C6. unfold L. destruct (loss_of p); cbn [real_loss].
    - split; [|apply logistic_differentiable]. apply (attained_logistic 0%nat m D1 HD1). exists (fun _ => qv mean). split; auto. intros s _. split; auto. unfold check_logistic in C6. cbn [forallb] in C6. rewrite andb_true_r, forallb_forall in C6.
      split; intros b Hb; [|apply in_map_iff in Hb; destruct Hb as (b' & <- & Hb)]; apply in_map_iff in Hb; destruct Hb as (x & <- & Hx); assert (X := inside_ok x (C6 x Hx)); cbn [toR QR]; lra.
    - unfold check_softmax in C6. apply andb_prop in C6. destruct C6 as [C6 I3]. apply andb_prop in C6. destruct C6 as [I1 I2]. cbn [forallb] in I2. rewrite andb_true_r in I2. apply andb_prop in I2. destruct I2 as [J1 J2]. rewrite forallb_forall in J1, I3.
      split; [|apply cross_entropy_differentiable]. apply (attained_softmax 0%nat m D1 HD1).
      + intros s Hs. unfold D1, rD, bare in Hs. rewrite map_map in Hs. apply in_map_iff in Hs. destruct Hs as (s' & <- & Hs). cbn [snd]. apply sums_to_1_ok; [apply HD, Hs|apply I3, Hs].
      + exists (fun _ => qv mean). split; auto. intros s _. split; auto. split; [|apply sums_to_1_ok; auto]. intros b Hb. apply in_map_iff in Hb. destruct Hb as (x & <- & Hx). assert (X := q_lt _ _ (J1 x Hx)). rewrite real_zero in X. exact X.
    - split; [|apply poisson_differentiable]. apply (attained_poisson 0%nat m D1 HD1). exists (fun _ => qv mean). split; auto. intros s _. split; auto. cbn [forallb] in C6. rewrite andb_true_r, forallb_forall in C6.
      intros b Hb. apply in_map_iff in Hb. destruct Hb as (x & <- & Hx). assert (X := q_lt _ _ (C6 x Hx)). rewrite real_zero in X. exact X. }
  destruct BEST as ((A & [SA BA]) & DL). set (cs := affine_map A []). assert (LC : length cs = m) by (unfold cs; rewrite affine_map_length; apply SA).
  assert (CONST : forall v, sum (fun s => v (snd s)) D1 = sum (fun s => v (snd s)) DD) by (intros v; unfold D1, DD, rD, bare; rewrite !map_map, !sum_map; reflexivity).
  assert (CA : forall B, affine_total L D1 B = sum (fun s => value L (affine_map B []) (snd s)) DD).
  { intros B. unfold affine_total. rewrite <- (CONST (fun y => value L (affine_map B []) y)). apply sum_ext. intros s Hs. destruct (HD1 s Hs) as [L0 _]. destruct (fst s); [reflexivity|discriminate]. }
  (* the hidden layers *)
  set (PR := map (rso QR) p0). assert (LA0 : length (qv a0) = S w) by (unfold rv; rewrite map_length; exact C12).
  destruct (qv a0) as [|r0 rs] eqn:EAC; [discriminate|]. assert (LRS : length rs = w) by (apply eq_add_S; exact LA0).
  assert (HN : forall s, In s DD -> inside (rN QR Ls) PR (real below) (fst s) /\ net (rN QR Ls) (real below) (fst s) = r0 :: rs).
  { intros s Hs. unfold DD, rD in Hs. apply in_map_iff in Hs. destruct Hs as (s' & <- & Hs). cbn [fst]. rewrite forallb_forall in C8. unfold PR. rewrite <- EAC. apply same_at_ok, C8, Hs. }
  assert (FL : flat_in (shapeN (rN QR Ls) (real below)) PR).
  { apply flat_ok; auto. assert (G : forall (N : list (bool * act R)) (th : params R), length th = length N -> length (shapeN N th) = length N) by (induction N; intros [|W th] E; try discriminate; simpl; auto).
    rewrite G; [etransitivity; [exact C11|symmetry; apply map_length]|etransitivity; [apply map_length|etransitivity; [exact C10|symmetry; apply map_length]]]. }
  assert (ST : forall k, (k < m)%nat -> sum (fun s => nth k (slope L cs (snd s)) 0) DD = 0).
  { intros k Hk. assert (S1 := stationary L 0%nat m D1 A DL HD1 SA BA k Hk 0%nat). rewrite <- (CONST (fun y => nth k (slope L cs y) 0)). etransitivity; [|exact S1]. apply sum_ext. intros s Hs. destruct (HD1 s Hs) as [L0 _]. destruct (fst s); [|discriminate]. cbn [nth]. rewrite Rmult_1_r. reflexivity. }
  assert (HM : forall s, In s DD -> length (snd s) = m) by (intros s Hs; unfold DD, rD in Hs; apply in_map_iff in Hs; destruct Hs as (s' & <- & Hs); cbn [snd]; unfold rv; rewrite map_length; apply HD, Hs).
  assert (MIN := flat_minima L (Q2R (factor p)) m (rN QR Ls) DD PR (real below) cs r0 rs (Rlt_le _ _ C16) HM LC HN FL ST). cbv zeta in MIN.
  set (path := fun t => constant_rows cs r0 (length rs) t :: real below) in *.
  assert (ER : log_risk p = risk_of (value L) (Q2R (factor p)) ((true, identity) :: rN QR Ls) DD) by (unfold log_risk; rewrite EA; unfold L; rewrite real_loss_ok; reflexivity).
  assert (RISK : forall t, log_risk p (path t) = Q2R (factor p) * sum (fun s => value L cs (snd s)) DD).
  { intros t. rewrite ER. unfold risk_of. f_equal. rewrite total_sum. apply sum_ext. intros s Hs. exact (f_equal (fun u => value L u (snd s)) (proj2 (MIN t) s Hs)). }
  assert (CST : forall cs', length cs' = m -> sum (fun s => value L cs (snd s)) DD <= sum (fun s => value L cs' (snd s)) DD).
  { intros cs' L'. set (B := map (fun c => [c]) cs'). assert (SB : sized m 0%nat B) by (split; [unfold B; rewrite map_length; auto|intros row Hr; apply in_map_iff in Hr; destruct Hr as (b & <- & _); reflexivity]).
    assert (EB : affine_map B [] = cs') by (unfold affine_map, B; rewrite map_map; rewrite <- (map_id cs') at 2; apply map_ext; intros; simpl; ring).
    specialize (BA B SB). rewrite !CA, EB in BA. exact BA. }
  exists path, cs. split; [|split; [|split; [|split; [|split]]]].
  - intros t. split; [|split; [|split]].
    + fold m d. rewrite <- LC at 1. apply constant_shape; [discriminate|simpl; rewrite LRS; auto|apply shapedb_ok; exact C13|lia].
    + rewrite ER. apply MIN.
    + rewrite !RISK. reflexivity.
    + rewrite EA. apply (proj2 (MIN t)).
  - intros cs' L'. rewrite RISK. apply Rmult_le_compat_l; [lra|]. rewrite <- real_loss_ok. fold L. apply CST, L'.
  - rewrite RISK. split.
    + apply entropy_at_least_ok in C1. apply Rle_trans with (1 := C1). apply Rmult_le_compat_l; [lra|].
      assert (HP : forall q, In q P -> length q = m /\ in_domain (loss_of p) q = true) by (rewrite forallb_forall in C3; intros q Hq; specialize (C3 q Hq); apply andb_prop in C3; destruct C3 as [A1 A2]; apply Nat.eqb_eq in A1; auto).
      assert (HB : forall s, In s (bare D) -> length (fst s) = 0%nat /\ length (snd s) = m) by (intros s Hs; unfold bare in Hs; apply in_map_iff in Hs; destruct Hs as (s' & <- & Hs); cbn [fst snd]; split; [reflexivity|apply HD, Hs]).
      assert (LB : length P = length (bare D)) by (unfold bare; rewrite map_length; auto).
      assert (OR := orthogonal 0%nat m (bare D) P A SA HB LB (fun q Hq => proj1 (HP q Hq)) C2).
      assert (EP : sum (fun q => real_entropy p (qv q)) P = sum (fun e => real_entropy p (qv (snd e))) (combine (bare D) P)).
      { clear - LB. revert P LB. induction (bare D) as [|s D' IH]; intros [|q P] E; try discriminate; [reflexivity|]. cbn [combine sum snd]. rewrite (IH P) by (apply eq_add_S; auto). reflexivity. }
      assert (EV : sum (fun s => value L cs (snd s)) DD = sum (fun e : list Q * list Q * list Q => value L (affine_map A (qv (fst (fst e)))) (qv (snd (fst e)))) (combine (bare D) P)).
      { rewrite <- (CONST (fun y => value L cs y)). unfold D1, rD. rewrite sum_map. cbn [snd]. assert (G : forall B : list (list Q * list Q), (forall s, In s B -> fst s = []) -> length P = length B ->
          sum (fun s => value L cs (qv (snd s))) B = sum (fun e : list Q * list Q * list Q => value L (affine_map A (qv (fst (fst e)))) (qv (snd (fst e)))) (combine B P)).
        { clear. unfold cs. generalize P. intros P0 B. revert P0. induction B as [|s B IH]; intros [|q P0] HB E; try discriminate; [reflexivity|]. cbn [combine sum fst snd]. rewrite <- (IH P0 (fun s Hs => HB s (or_intror Hs)) (eq_add_S _ _ E)), (HB s (or_introl eq_refl)). reflexivity. }
        apply G; auto. intros s Hs. unfold bare in Hs. apply in_map_iff in Hs. destruct Hs as (s' & <- & _). reflexivity. }
      rewrite EP, EV. apply Rle_trans with (sum (fun e => real_entropy p (qv (snd e)) + (dot (qv (snd e)) (affine_map A (qv (fst (fst e)))) - dot (qv (snd (fst e))) (affine_map A (qv (fst (fst e)))))) (combine (bare D) P)).
      { rewrite sum_plus, OR, Rplus_0_r. apply Rle_refl. }
      apply sum_le. intros e He. assert (I1 := in_combine_l (bare D) P (fst e) (snd e)). assert (I2 := in_combine_r (bare D) P (fst e) (snd e)). rewrite <- surjective_pairing in I1, I2. specialize (I1 He). specialize (I2 He).
      destruct (HP _ I2) as [L2 Dm]. unfold L. rewrite real_loss_ok. apply domain_ok; auto; [rewrite L2; symmetry; apply HB; auto|]. rewrite affine_map_length, (proj1 SA). symmetry. apply HB. auto.
    + apply risk_at_most_ok with (F := fun _ => qv near) in C; [|rewrite map_map; reflexivity]. rewrite <- real_loss_ok in C. fold L in C. apply Rle_trans with (2 := C). apply Rmult_le_compat_l; [lra|]. apply CST. unfold rv. rewrite map_length. auto.
  - intros t t' E. unfold path in E. inversion E as [E1]. apply rows_apart in E1; auto. lia.
  - apply rows_continuous.
  - apply rows_unbounded. lia.
Qed.
(* with a better point they are spurious *)
Theorem flat_better p widths th low high from better : check_log_better p widths th low better = true -> risk_between p th from better ->
  minima_at_constants p widths low high -> spurious_minima_at_constants p widths low high.
Proof.
  intros H [_ H2] (path & cs & M & O & B & R). apply andb_prop in H. destruct H as [H1 H3]. apply shapedb_ok in H1. apply (ltb_ok QR) in H3. cbn [toR QR] in H3.
  exists path, cs. split; [|auto]. intros x. destruct (M x) as (M1 & M2 & M3 & M4). split; auto. split; [|auto]. split; auto. exists (real th). split; [eapply shaped_same; eauto|]. rewrite M3. lra.
Qed.
