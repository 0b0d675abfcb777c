(* The proof of Theorem 1: the construction at any depth, the better point, and continuity of the path. *)
Require Import Reals List Lra Lia Arith.
From Symverify Require Import Spec Theorem1 InteriorMinimum LinearAlgebra Activation.
Import ListNotations.
Open Scope R_scope.

Lemma shaped_same : forall ws th th', shaped ws th -> shaped ws th' -> same_shape th th'.
Proof.
  assert (TT : forall u v : list R, length u = length v -> Forall2 (fun _ _ : R => True) u v).
  { induction u; intros [|? v] L; try discriminate; constructor; auto. }
  assert (TW : forall n W W', length W = length W' -> (forall row, In row W -> length row = n) -> (forall row, In row W' -> length row = n) ->
    Forall2 (Forall2 (fun _ _ : R => True)) W W').
  { induction W as [|row W IH]; intros [|row' W'] L A B; try discriminate; constructor.
    - apply TT. rewrite A, B; auto; left; auto.
    - apply IH; [simpl in L; lia|intros; apply A; right; auto|intros; apply B; right; auto]. }
  induction ws as [|w ws IH]; intros th th' A B; [destruct A|]. destruct ws as [|w' ws].
  - destruct th, th'; try contradiction. constructor.
  - destruct th as [|W th], th' as [|W' th']; try contradiction. destruct A as (A1 & A2 & A3), B as (B1 & B2 & B3).
    constructor; [|apply IH; auto]. apply (TW (S w')); auto. lia.
Qed.

Lemma kill_uniform : forall N P (S : list samp), (forall s, In s S -> spat s = P) -> sum swt S = 0 ->
  (forall m, sum (fun s => swt s * nth m (sx s) 0) S = 0) -> kill N S.
Proof.
  induction N as [|[b w] N IH]; intros P S HP H0 HX; simpl; auto. intros j _.
  set (so := nth j (hd [] P) (0, 0)).
  assert (PJ : forall s, In s S -> piece_of j s = so) by (intros s Hs; unfold piece_of; rewrite (HP s Hs); auto).
  split; [|split].
  - transitivity (snd so * sum swt S); [|rewrite H0; ring]. rewrite <- sum_scal. apply sum_ext. intros s Hs. rewrite (PJ s Hs). ring.
  - intros _. transitivity (fst so * sum swt S); [|rewrite H0; ring]. rewrite <- sum_scal. apply sum_ext. intros s Hs. rewrite (PJ s Hs). ring.
  - apply (IH (tl P)).
    + intros s Hs. apply in_map_iff in Hs. destruct Hs as (s' & <- & Hs). unfold advance, spat. simpl. f_equal. apply (HP s' Hs).
    + rewrite sum_map. transitivity (fst so * sum swt S); [|rewrite H0; ring]. rewrite <- sum_scal. apply sum_ext. intros s Hs.
      unfold advance, swt at 1. simpl. rewrite (PJ s Hs). ring.
    + intros m. rewrite sum_map. transitivity (fst so * sum (fun s => swt s * nth m (sx s) 0) S); [|rewrite HX; ring]. rewrite <- sum_scal. apply sum_ext. intros s Hs.
      unfold advance, swt at 1, sx at 1. simpl. rewrite (PJ s Hs). ring.
Qed.

Lemma strict_in h z0 s o r z : (forall z, Rabs (z - z0) < r -> ev h z = s * z + o) -> Rabs (z - z0) < r -> strict h z s o.
Proof.
  intros H Hz. exists (r - Rabs (z - z0)). split; [lra|]. intros z' Hz'. apply H.
  replace (z' - z0) with ((z' - z) + (z - z0)) by ring. apply Rle_lt_trans with (1 := Rabs_triang _ _). lra.
Qed.

Lemma inside_units_all b h s o a : forall W n, (forall row, In row W -> strict h (dot row (ext b a)) s o) -> (length W <= n)%nat ->
  inside_units (b, h) (repeat (s, o) n) W a.
Proof.
  induction W as [|row W IH]; intros n H L; simpl; auto. destruct n as [|n]; [simpl in L; lia|]. cbn [repeat hd tl fst snd]. split.
  - apply H. left; auto.
  - apply IH; [intros; apply H; right; auto|simpl in L; lia].
Qed.

(* n channels pass through further layers *)
Definition prev (HL : list (act R * nat)) (win : nat) : nat := match HL with [] => win | hw :: _ => snd hw end.
Lemma pass n win : (n <= win)%nat -> forall HL, (forall hw, In hw HL -> okpiece (fst hw) /\ (n <= snd hw)%nat) -> forall B, 0 < B ->
  exists TH P k tau, k <> 0 /\ length TH = length HL /\
   (forall ws th, shaped (win :: ws) th -> shaped (map snd HL ++ win :: ws) (TH ++ th)) /\
   forall N th x cs rest, net N th x = cs ++ rest -> length cs = n -> (forall a, In a cs -> Rabs a <= B) ->
    (exists rest', net (lay HL ++ N) (TH ++ th) x = map (fun a => k * a + tau) cs ++ rest') /\
    forall p, inside N p th x -> inside (lay HL ++ N) (P ++ p) (TH ++ th) x.
Proof.
  intros Hwin. induction HL as [|[h w] HL IH]; intros HO B HB.
  - exists [], [], 1, 0. split; [lra|split; [auto|split; [auto|]]]. intros N th x cs rest E _ _. split; auto.
    exists rest. cbn [lay map app]. rewrite E. f_equal. rewrite <- (map_id cs) at 1. apply map_ext. intros; ring.
  - destruct (IH (fun hw Hh => HO hw (or_intror Hh)) B HB) as (TH & P & k & tau & Hk & HLen & HSh & HN).
    destruct (HO (h, w) (or_introl eq_refl)) as [(z0 & s & o & r & Hs & Hr & Pev) Hw]. simpl in Pev, Hw.
    assert (Hp : (n <= prev HL win)%nat) by (destruct HL as [|hw HL']; simpl; auto; apply HO; right; left; auto).
    set (M := Rabs k * B + Rabs tau + 1). assert (A1 := Rabs_pos k). assert (A2 := Rabs_pos tau).
    assert (A3 : 0 <= Rabs k * B) by (apply Rmult_le_pos; lra). assert (HM : 0 < M) by (unfold M; lra). set (be := r / (2 * M)). assert (Hbe : 0 < be) by (apply Rdiv_lt_0_compat; lra).
    assert (BM : be * M = r / 2) by (unfold be; field; lra).
    set (pw := prev HL win) in *. set (cr := z0 :: repeat 0 pw).
    set (row := fun j => z0 :: urow j be pw).
    set (W := map row (seq 0 n) ++ repeat cr (w - n)).
    exists (W :: TH), (repeat (s, o) w :: P), (s * be * k), (s * (z0 + be * tau) + o).
    split; [apply Rmult_integral_contrapositive_currified; [apply Rmult_integral_contrapositive_currified; [auto|lra]|auto]|]. split; [simpl; auto|]. split.
    { intros ws th HS. specialize (HSh ws th HS).
      assert (LR : forall q, In q W -> length q = S pw).
      { intros q Hq. unfold W in Hq. apply in_app_or in Hq. destruct Hq as [Hq|Hq].
        - apply in_map_iff in Hq. destruct Hq as (j & <- & Hj). apply in_seq in Hj. unfold row. simpl. rewrite urow_length; lia.
        - apply repeat_spec in Hq. subst. unfold cr. simpl. rewrite repeat_length. auto. }
      assert (LW : length W = w) by (unfold W; rewrite app_length, map_length, seq_length, repeat_length; lia).
      unfold pw in LR. destruct HL as [|[h' w'] HL']; simpl in *; auto. }
    intros N th x cs rest E Lcs C. destruct (HN N th x cs rest E Lcs C) as ((rest' & E') & HI).
    set (a' := map (fun a => k * a + tau) cs ++ rest') in *.
    assert (NJ : forall j, (j < n)%nat -> nth j a' 0 = k * nth j cs 0 + tau).
    { intros j Hj. unfold a'. rewrite app_nth1 by (rewrite map_length; lia).
      rewrite (nth_indep _ 0 (k * 0 + tau)) by (rewrite map_length; lia). apply (map_nth (fun a => k * a + tau)). }
    assert (DJ : forall j, (j < n)%nat -> dot (row j) (ext true a') = z0 + be * (k * nth j cs 0 + tau)).
    { intros j Hj. unfold row. cbn [ext dot]. rewrite urow_dot, NJ by auto. ring. }
    assert (BD : forall j, (j < n)%nat -> Rabs (dot (row j) (ext true a') - z0) < r).
    { intros j Hj. rewrite DJ by auto. set (q := nth j cs 0). assert (Hq : Rabs q <= B) by (apply C, nth_In; lia).
      replace (z0 + be * (k * q + tau) - z0) with (be * (k * q + tau)) by ring. rewrite Rabs_mult, (Rabs_right be) by lra.
      assert (Rabs (k * q + tau) <= M).
      { apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult. unfold M. assert (Rabs k * Rabs q <= Rabs k * B) by (apply Rmult_le_compat_l; auto). lra. }
      assert (be * Rabs (k * q + tau) <= be * M) by (apply Rmult_le_compat_l; lra). lra. }
    assert (D3 : dot cr (ext true a') = z0) by (unfold cr; cbn [ext dot]; rewrite dot_rep0; ring).
    split.
    + eexists. cbn [lay map fst app net]. fold (lay HL). rewrite E'. fold a'. unfold W, layer. cbn [fst snd]. rewrite map_app, map_map. f_equal.
      rewrite <- (map_nth_seq (fun a => s * be * k * a + (s * (z0 + be * tau) + o)) cs), Lcs.
      apply map_ext_in. intros j Hj. apply in_seq in Hj. rewrite Pev by (apply BD; lia). rewrite DJ by lia. ring.
    + intros p Hp0. specialize (HI p Hp0). cbn [lay map fst app inside hd tl]. fold (lay HL). split; [|exact HI]. rewrite E'. fold a'.
      apply inside_units_all; [|unfold W; rewrite app_length, map_length, seq_length, repeat_length; lia].
      intros q Hq. apply (strict_in h z0 s o r); auto. unfold W in Hq. apply in_app_or in Hq. destruct Hq as [Hq|Hq].
      * apply in_map_iff in Hq. destruct Hq as (j & <- & Hj). apply in_seq in Hj. apply BD. lia.
      * apply repeat_spec in Hq. subst q. rewrite D3, Rminus_eq_0, Rabs_R0; auto.
Qed.

(* continuity of lists *)
Definition cont {A} (near : R -> A -> A -> Prop) (f : R -> A) : Prop :=
  forall x e, 0 < e -> exists d, 0 < d /\ forall x', Rabs (x' - x) < d -> near e (f x) (f x').
Definition near (e a b : R) : Prop := Rabs (b - a) < e.
Definition nears {A} (n : R -> A -> A -> Prop) (e : R) : list A -> list A -> Prop := Forall2 (n e).
Lemma cont_affine f p q : (forall x, f x = p + q * x) -> cont near f.
Proof.
  intros H x e He. assert (0 <= Rabs q) by apply Rabs_pos. exists (e / (Rabs q + 1)). split; [apply Rdiv_lt_0_compat; lra|].
  intros x' Hx. unfold near. rewrite !H. replace (p + q * x' - (p + q * x)) with (q * (x' - x)) by ring. rewrite Rabs_mult.
  apply Rle_lt_trans with (Rabs q * (e / (Rabs q + 1))); [apply Rmult_le_compat_l; lra|].
  apply Rlt_le_trans with ((Rabs q + 1) * (e / (Rabs q + 1))); [|right; field; lra].
  apply Rmult_lt_compat_r; [apply Rdiv_lt_0_compat; lra|lra].
Qed.
Lemma cont_const {A} (n : R -> A -> A -> Prop) (a : A) : (forall e, 0 < e -> n e a a) -> cont n (fun _ => a).
Proof. intros H x e He. exists 1. split; [lra|auto]. Qed.
Lemma cont_cons {A} (n : R -> A -> A -> Prop) f F : cont n f -> cont (nears n) F -> cont (nears n) (fun x => f x :: F x).
Proof.
  intros Hf HF x e He. destruct (Hf x e He) as (d1 & P1 & H1). destruct (HF x e He) as (d2 & P2 & H2).
  exists (Rmin d1 d2). split; [apply Rmin_pos; auto|]. intros x' Hx. assert (L1 := Rmin_l d1 d2). assert (L2 := Rmin_r d1 d2).
  constructor; [apply H1; lra|apply H2; lra].
Qed.
Lemma cont_map {A B} (n : R -> A -> A -> Prop) (f : R -> B -> A) : forall l, (forall b, In b l -> cont n (fun x => f x b)) -> cont (nears n) (fun x => map (f x) l).
Proof.
  induction l as [|b l IH]; intros H; simpl.
  - apply cont_const. constructor.
  - apply cont_cons; [apply H; left; auto|apply IH; intros; apply H; right; auto].
Qed.
Lemma cont_app {A} (n : R -> A -> A -> Prop) F G : cont (nears n) F -> cont (nears n) G -> cont (nears n) (fun x => F x ++ G x).
Proof.
  intros HF HG x e He. destruct (HF x e He) as (d1 & P1 & H1). destruct (HG x e He) as (d2 & P2 & H2).
  exists (Rmin d1 d2). split; [apply Rmin_pos; auto|]. intros x' Hx. assert (L1 := Rmin_l d1 d2). assert (L2 := Rmin_r d1 d2).
  apply Forall2_app; [apply H1; lra|apply H2; lra].
Qed.

(* least squares, one output at a time *)
Lemma fits m d (D : list (list R * list R)) : (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  exists A, length A = m /\ (forall row, In row A -> length row = S d) /\
    forall k, (k < m)%nat -> forall j, sum (fun s => (dot (nth k A []) (1 :: fst s) - nth k (snd s) 0) * nth j (1 :: fst s) 0) D = 0.
Proof.
  intros HD. assert (X : forall q, exists A, length A = q /\ (forall row, In row A -> length row = S d) /\
    forall k, (k < q)%nat -> forall j, sum (fun s => (dot (nth k A []) (1 :: fst s) - nth k (snd s) 0) * nth j (1 :: fst s) 0) D = 0).
  { induction q as [|q (A & LA & RA & HA)].
    - exists []. split; auto. split; [intros ? []|intros; lia].
    - destruct (least_squares D (S d) (fun s => 1 :: fst s)) with (y := fun s : list R * list R => nth q (snd s) 0) as (cs & Lc & Hls).
      { intros s Hin. simpl. f_equal. apply HD; auto. }
      exists (A ++ [cs]). split; [rewrite app_length; simpl; lia|]. split.
      + intros row Hr. apply in_app_or in Hr. destruct Hr as [Hr|[<-|[]]]; auto.
      + intros k Hk j. destruct (Nat.eq_dec k q) as [->|Ne].
        * assert (EQ : nth q (A ++ [cs]) [] = cs) by (rewrite <- LA; apply nth_middle). rewrite EQ. apply Hls.
        * rewrite app_nth1 by lia. apply HA. lia. }
  apply X.
Qed.

Theorem theorem1 : theorem1_statement.
Proof.
  intros c d m h H HL D Hc Ch NAh Hm HO HD ND NA. set (NN := network HL h).
  destruct (kink_exists h Ch NAh) as (t & sm & om & sp & op & d0 & KK).
  destruct (fits m d D HD) as (A & LA & RA & HA).
  set (fit := fun k (s : list R * list R) => dot (nth k A []) (1 :: fst s)). set (e := fun k (s : list R * list R) => fit k s - nth k (snd s) 0).
  assert (N0 : forall k, (k < m)%nat -> sum (e k) D = 0).
  { intros k Hk. etransitivity; [|apply (HA k Hk 0%nat)]. apply sum_ext. intros s _. unfold e, fit. cbn [nth]. ring. }
  assert (NX : forall k, (k < m)%nat -> forall j, sum (fun s => e k s * nth j (fst s) 0) D = 0).
  { intros k Hk j. etransitivity; [|apply (HA k Hk (S j))]. reflexivity. }
  (* an output with a residual, and a unit that correlates with it *)
  assert (K0 : exists k0, (k0 < m)%nat /\ exists s, In s D /\ e k0 s <> 0).
  { destruct (NA A LA RA) as (s & Hin & Ne). destruct (HD s Hin) as [_ Ly].
    assert (Y : forall u y : list R, length u = length y -> u <> y -> exists k, (k < length y)%nat /\ nth k u 0 <> nth k y 0).
    { induction u as [|a u IH]; intros [|b y] L N; try discriminate; [contradiction|]. destruct (Req_EM_T a b) as [->|Q].
      - destruct (IH y) as (k & Hk & Q); [simpl in L; lia|congruence|]. exists (S k). simpl. split; [lia|auto].
      - exists 0%nat. simpl. split; [lia|auto]. }
    destruct (Y (affine_map A (fst s)) (snd s)) as (k & Hk & Q); auto.
    { unfold affine_map. rewrite map_length. lia. }
    exists k. split; [lia|]. exists s. split; auto. unfold e, fit. intros Z. apply Q. unfold affine_map.
    rewrite (nth_indep _ 0 (dot [] (1 :: fst s))) by (rewrite map_length; lia). rewrite (map_nth (fun row => dot row (1 :: fst s))). lra. }
  destruct K0 as (k0 & Hk0 & Ek0).
  destruct (kink_correlates h t sm om sp op d0 d D (e k0) KK (fun s Hs => proj1 (HD s Hs)) ND Ek0) as (b & w & Lw & HF).
  set (hs := fun s : list R * list R => ev h (dot (b :: w) (1 :: fst s))) in *.
  set (F := sum (fun s => e k0 s * hs s) D) in *. set (Q := sum (fun s => hs s * hs s) D).
  assert (QP : 0 < Q).
  { assert (0 <= Q) by (apply sum_pos; intros; apply Rle_0_sqr). destruct (Req_EM_T Q 0) as [Z|]; [|lra].
    exfalso. apply HF. apply sum_0. intros s Hin. assert (Z' := sum_sq_zero hs _ Z s Hin). fold (hs s). rewrite Z'. ring. }
  destruct (kink_okpiece _ _ _ _ _ _ _ KK) as (z0 & s & o & r & Hs & Hr & Pev).
  (* scale al and shift us x: the fits stay inside the piece *)
  set (M := sumn m (fun k => sum (fun s => Rabs (fit k s)) D) + 1).
  assert (SP : forall q (f : nat -> list R * list R -> R), 0 <= sumn q (fun k => sum (fun s => Rabs (f k s)) D)).
  { induction q; intros f; simpl; [lra|]. assert (0 <= sum (fun s => Rabs (f 0%nat s)) D) by (apply sum_pos; intros; apply Rabs_pos).
    specialize (IHq (fun k => f (S k))). lra. }
  assert (MP : 1 <= M) by (unfold M; specialize (SP m fit); lra).
  assert (MB : forall k s, (k < m)%nat -> In s D -> Rabs (fit k s) < M).
  { assert (X : forall q (f : nat -> list R * list R -> R) k s, (k < q)%nat -> In s D -> Rabs (f k s) <= sumn q (fun k => sum (fun s => Rabs (f k s)) D)).
    { induction q; intros f k s' Hk Hin; [lia|]. cbn [sumn]. assert (P0 : 0 <= sum (fun s => Rabs (f 0%nat s)) D) by (apply sum_pos; intros; apply Rabs_pos).
      destruct k.
      - assert (B0 := sum_bound (f 0%nat) D s' Hin). specialize (SP q (fun k => f (S k))). cbv beta in *. lra.
      - specialize (IHq (fun k => f (S k)) k s'). cbv beta in *. assert (Rabs (f (S k) s') <= sumn q (fun k => sum (fun s => Rabs (f (S k) s)) D)) by (apply IHq; auto; lia). lra. }
    intros k s' Hk Hin. specialize (X m fit k s' Hk Hin). unfold M. lra. }
  set (al := r / (2 * M)). assert (Pal : 0 < al) by (apply Rdiv_lt_0_compat; lra).
  assert (AM : al * M = r / 2) by (unfold al; field; lra).
  set (us := fun x : R => x * (r / 4)).
  assert (PZ : forall x k s', 0 <= x <= 1 -> (k < m)%nat -> In s' D -> Rabs (z0 + us x + al * fit k s' - z0) < r).
  { intros x k s' Hx' Hk Hin. specialize (MB k s' Hk Hin). replace (z0 + us x + al * fit k s' - z0) with (us x + al * fit k s') by ring.
    apply Rle_lt_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult, (Rabs_right al) by lra.
    assert (al * Rabs (fit k s') < r / 2) by (rewrite <- AM; apply Rmult_lt_compat_l; auto).
    assert (Rabs (us x) <= r / 4) by (unfold us; rewrite Rabs_right; nra). lra. }
  set (crow := z0 :: repeat 0 d).
  assert (CZ : forall x, dot crow (1 :: x) = z0) by (intros; unfold crow; cbn [dot]; rewrite dot_rep0; ring).
  (* the first layer: the fits, one more unit, constants *)
  set (frow := fun x row => vadd (z0 + us x :: repeat 0 d) (map (Rmult al) row)).
  set (W1 := fun x row => map (frow x) A ++ row :: repeat crow (H - S m)).
  assert (R1 : forall x k s', dot (frow x (nth k A [])) (1 :: fst s') = z0 + us x + al * fit k s').
  { intros x k s'. unfold frow. rewrite dot_vadd, dot_scale. cbn [dot]. rewrite dot_rep0. unfold fit. ring. }
  assert (NW : forall x k, (k < m)%nat -> nth k (map (frow x) A) [] = frow x (nth k A [])).
  { intros x k Hk. rewrite (nth_indep _ [] (frow x [])) by (rewrite map_length; lia). apply map_nth. }
  assert (MW : forall x, map (frow x) A = map (fun k => frow x (nth k A [])) (seq 0 m)).
  { intros x. rewrite <- LA. symmetry. apply (map_nth_seq_gen (frow x)). }
  set (c1 := fun x s' k => s * (z0 + us x + al * fit k s') + o).
  assert (L1 : forall x row s', 0 <= x <= 1 -> In s' D -> exists rest,
     net [(true, h)] [W1 x row] (fst s') = (map (c1 x s') (seq 0 m) ++ [ev h (dot row (1 :: fst s'))]) ++ rest).
  { intros x row s' Hx' Hin. eexists. unfold net, W1, layer. cbn [fst snd ext]. rewrite map_app, MW, map_map. cbn [map]. rewrite <- app_assoc. cbn [app]. f_equal.
    apply map_ext_in. intros k Hk. apply in_seq in Hk. rewrite R1, Pev by (apply PZ; auto; lia). reflexivity. }
  set (B := Rabs s * (Rabs z0 + r) + Rabs o + Rabs (ev h z0) + sum (fun s => Rabs (hs s)) D + 1).
  assert (As := Rabs_pos s). assert (Az := Rabs_pos z0). assert (Ao := Rabs_pos o). assert (Ae := Rabs_pos (ev h z0)).
  assert (Ah : 0 <= sum (fun s => Rabs (hs s)) D) by (apply sum_pos; intros; apply Rabs_pos).
  assert (Asz : 0 <= Rabs s * (Rabs z0 + r)) by (apply Rmult_le_pos; lra). assert (HB : 0 < B) by (unfold B; lra).
  assert (B1 : forall x s' k, 0 <= x <= 1 -> (k < m)%nat -> In s' D -> Rabs (c1 x s' k) <= B).
  { intros x s' k Hx' Hk Hin. unfold c1. apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult.
    assert (Rabs (z0 + us x + al * fit k s') <= Rabs z0 + r).
    { replace (z0 + us x + al * fit k s') with (z0 + (z0 + us x + al * fit k s' - z0)) by ring. apply Rle_trans with (1 := Rabs_triang _ _). specialize (PZ x k s' Hx' Hk Hin). lra. }
    assert (Rabs s * Rabs (z0 + us x + al * fit k s') <= Rabs s * (Rabs z0 + r)) by (apply Rmult_le_compat_l; auto). unfold B. lra. }
  assert (B2 : forall s', In s' D -> Rabs (ev h (dot crow (1 :: fst s'))) <= B).
  { intros s' Hin. rewrite CZ. unfold B. lra. }
  assert (B3 : forall s', In s' D -> Rabs (hs s') <= B).
  { intros s' Hin. assert (SB := sum_bound hs D s' Hin). unfold B. lra. }
  assert (HO' : forall hw, In hw HL -> okpiece (fst hw) /\ (S m <= snd hw)%nat).
  { intros hw Hin. destruct (HO hw Hin) as (Q1 & Q2 & Q3). split; [apply okpiece_exists; auto|lia]. }
  destruct (pass (S m) H Hm HL HO' B HB) as (TH & P & K & tau & HK & HLen & HSh & HN).
  set (pw := prev HL H). assert (Hp : (S m <= pw)%nat) by (unfold pw; destruct HL as [|hw HL']; simpl; [lia|apply HO'; left; auto]).
  (* the last layer: undo scale and shift; output k0 takes v times the extra unit *)
  set (q := / (K * s * al)). set (vk := fun v k => if Nat.eqb k k0 then v else 0).
  set (out := fun x v k => - q * (K * (s * (z0 + us x) + o) + tau) - vk v k / K * tau :: vadd (urow k q pw) (urow m (vk v k / K) pw)).
  set (pth := fun x row v => map (out x v) (seq 0 m) :: TH ++ [W1 x row]).
  assert (SHP : forall x row v, length row = S d -> shaped (m :: map snd HL ++ [H; d]) (pth x row v)).
  { intros x row v Lrow.
    assert (S1 : shaped [H; d] [W1 x row]).
    { simpl. split; [unfold W1; rewrite app_length, map_length; simpl; rewrite repeat_length; lia|]. split; [|auto]. intros row' Hr'.
      unfold W1 in Hr'. apply in_app_or in Hr'. destruct Hr' as [Hr'|[<-|Hr']]; auto.
      - apply in_map_iff in Hr'. destruct Hr' as (a & <- & Ha). unfold frow. rewrite vadd_length; simpl; rewrite ?map_length, ?repeat_length, ?RA; auto.
      - apply repeat_spec in Hr'. subst. unfold crow. simpl. rewrite repeat_length; auto. }
    specialize (HSh [d] [W1 x row] S1).
    assert (LO : forall row', In row' (map (out x v) (seq 0 m)) -> length row' = S pw).
    { intros row' Hr'. apply in_map_iff in Hr'. destruct Hr' as (k & <- & Hk). apply in_seq in Hk. unfold out. simpl. rewrite vadd_length; rewrite !urow_length; lia. }
    unfold pth. destruct HL as [|[h' w'] HL']; simpl in *; rewrite map_length, seq_length; auto. }
  assert (NET : forall x row v s', 0 <= x <= 1 -> In s' D -> Rabs (ev h (dot row (1 :: fst s'))) <= B ->
     net NN (pth x row v) (fst s') = map (fun k => fit k s' + vk v k * ev h (dot row (1 :: fst s'))) (seq 0 m)).
  { intros x row v s' Hx' Hin Hb. destruct (L1 x row s' Hx' Hin) as (rest & EL).
    destruct (HN _ _ _ _ _ EL) as ((rest' & EN) & _).
    { rewrite app_length, map_length, seq_length. simpl. lia. }
    { intros a Ha. apply in_app_or in Ha. destruct Ha as [Ha|[<-|[]]]; auto. apply in_map_iff in Ha. destruct Ha as (k & <- & Hk). apply in_seq in Hk. apply B1; auto; lia. }
    unfold NN, network, pth. cbn [net]. rewrite EN. unfold layer. rewrite map_map. apply map_ext_in. intros k Hk. apply in_seq in Hk.
    unfold ev at 1, identity, out. cbn [fst snd plin ext dot]. rewrite dot_vadd, !urow_dot.
    set (g := ev h (dot row (1 :: fst s'))).
    set (cs := map (c1 x s') (seq 0 m) ++ [g]). assert (Lcs : length cs = S m) by (unfold cs; rewrite app_length, map_length, seq_length; simpl; lia).
    assert (NK : forall j, (j < S m)%nat -> nth j (map (fun a => K * a + tau) cs ++ rest') 0 = K * nth j cs 0 + tau).
    { intros j Hj. rewrite app_nth1 by (rewrite map_length; lia).
      rewrite (nth_indep _ 0 (K * 0 + tau)) by (rewrite map_length; lia). apply (map_nth (fun a => K * a + tau)). }
    rewrite !NK by lia. unfold cs.
    assert (CK : nth k (map (c1 x s') (seq 0 m) ++ [g]) 0 = c1 x s' k) by (rewrite app_nth1 by (rewrite map_length, seq_length; lia); apply nth_map_seq; lia). rewrite CK.
    replace (nth m (map (c1 x s') (seq 0 m) ++ [g]) 0) with g.
    2:{ rewrite app_nth2; rewrite map_length, seq_length; [|lia]. rewrite Nat.sub_diag. reflexivity. }
    unfold c1, q. field. repeat split; auto; lra. }
  (* the path *)
  assert (NET0 : forall x s', 0 <= x <= 1 -> In s' D -> net NN (pth x crow 0) (fst s') = map (fun k => fit k s') (seq 0 m)).
  { intros x s' Hx' Hin. rewrite NET by auto. apply map_ext. intros k. unfold vk. destruct (k =? k0); ring. }
  assert (INJ : forall x x', pth x crow 0 = pth x' crow 0 -> x = x').
  { intros x x' E. unfold pth in E. injection E as E1 E2. apply app_inv_head in E2. injection E2 as E2. unfold W1 in E2.
      assert (E3 : nth k0 (map (frow x) A) [] = nth k0 (map (frow x') A) []).
      { assert (G : forall x, nth k0 (map (frow x) A ++ crow :: repeat crow (H - S m)) [] = nth k0 (map (frow x) A) []) by (intros; apply app_nth1; rewrite map_length; lia).
        rewrite <- (G x), <- (G x'), E2. reflexivity. }
      rewrite !NW in E3 by auto. assert (RL := RA (nth k0 A []) (nth_In _ _ (eq_ind_r (fun n => (k0 < n)%nat) Hk0 LA))).
      destruct (nth k0 A []) as [|a0 a]; [discriminate|]. unfold frow in E3. cbn [vadd map] in E3. injection E3 as E3.
      assert (XX : us x = us x') by lra. unfold us in XX. apply Rmult_eq_reg_r in XX; lra. }
  assert (CONT : continuous_path (fun x => pth x crow 0)).
  { change (cont (nears (nears (nears near))) (fun x => pth x crow 0)). unfold pth. apply cont_cons; [|apply cont_app].
    - apply cont_map. intros k _. unfold out. apply cont_cons; [|apply cont_const; intros; apply close1_refl; auto].
      apply (cont_affine _ (- q * (K * (s * z0 + o) + tau) - vk 0 k / K * tau) (- q * K * s * (r / 4))). intros x. unfold us. ring.
    - apply cont_const. intros. apply close_refl; auto.
    - apply cont_cons; [|apply cont_const; constructor]. unfold W1. apply cont_app; [|apply cont_const; intros; apply close2_refl; auto].
      apply cont_map. intros row Hrow. specialize (RA row Hrow). destruct row as [|a0 a]; [discriminate|]. unfold frow. cbn [vadd map].
      apply cont_cons; [|apply cont_const; intros; apply close1_refl; auto].
      apply (cont_affine _ (z0 + al * a0) (r / 4)). intros x. unfold us. ring. }
  assert (RISK : forall x row v, 0 <= x <= 1 -> (forall s', In s' D -> Rabs (ev h (dot row (1 :: fst s'))) <= B) ->
     loss NN D (pth x row v) = sumn m (fun k => sum (fun s => (e k s + vk v k * ev h (dot row (1 :: fst s))) * (e k s + vk v k * ev h (dot row (1 :: fst s)))) D)).
  { intros x row v Hx' Hb. rewrite loss_sum, <- sum_sumn. apply sum_ext. intros s' Hin. rewrite NET by auto. 
    rewrite (sqd_sumn m); [|rewrite map_length, seq_length; auto|apply HD; auto]. apply sumn_ext. intros k Hk. rewrite nth_map_seq by auto. unfold e. ring. }
  exists (fun x => pth x crow 0). split; [|auto].
  intros x Hx'. split; [apply SHP; unfold crow; simpl; rewrite repeat_length; auto|].
  split; [split|unfold risk, risk_of; change (total sqd) with loss; rewrite !RISK by (auto; lra); reflexivity].
  - (* a local minimum *)
    set (PP := repeat (1, 0) m :: P ++ [repeat (s, o) H]).
    replace D with (map fst (map (fun s : list R * list R => (s, PP)) D)) by (rewrite map_map; apply map_id).
    apply (interior_minimum squared) with m; [lra| |].
    + intros qq Hq. apply in_map_iff in Hq. destruct Hq as (s' & <- & Hin). cbn [fst snd].
      split; [|split; [apply HD; auto|rewrite NET0, map_length, seq_length; auto]].
      unfold NN, network, pth, PP. cbn [inside hd tl]. split.
      * apply inside_units_all; [|rewrite map_length, seq_length; lia]. intros row _. exists 1. split; [lra|]. intros z' _. unfold ev, identity. simpl. ring.
      * destruct (L1 x crow s' Hx' Hin) as (rest & EL). destruct (HN _ _ _ _ _ EL) as (_ & HI).
        { rewrite app_length, map_length, seq_length. simpl. lia. }
        { intros a Ha. apply in_app_or in Ha. destruct Ha as [Ha|[<-|[]]]; auto. apply in_map_iff in Ha. destruct Ha as (k & <- & Hk). apply in_seq in Hk. apply B1; auto; lia. }
        apply HI. cbn [inside hd tl net]. split; [|exact I].
        assert (S0 : strict h z0 s o) by (apply (strict_in h z0 s o r); auto; rewrite Rminus_eq_0, Rabs_R0; lra).
        apply inside_units_all; [|unfold W1; rewrite app_length, map_length; simpl; rewrite repeat_length; lia].
        intros row Hrow. unfold W1 in Hrow. rewrite MW in Hrow. apply in_app_or in Hrow. cbn [ext]. destruct Hrow as [Hrow|Hrow].
        -- apply in_map_iff in Hrow. destruct Hrow as (k & <- & Hk). apply in_seq in Hk. rewrite R1. apply (strict_in h z0 s o r); auto. apply PZ; auto; lia.
        -- assert (row = crow) by (destruct Hrow as [<-|Hrow]; [auto|apply repeat_spec in Hrow; auto]). subst row. rewrite CZ. auto.
    + intros k Hk. rewrite map_map. unfold residual. cbn [fst snd].
      assert (W0 : forall s', In s' D -> nth k (slope squared (net NN (pth x crow 0) (fst s')) (snd s')) 0 = 2 * e k s').
      { intros s' Hin. destruct (HD s' Hin) as [_ Ly]. rewrite NET0 by auto. cbn [slope squared].
        rewrite nth_map2 by (rewrite ?map_length, ?seq_length; lia). rewrite nth_map_seq by auto. reflexivity. }
      apply (kill_uniform _ PP).
      * intros qq Hq. apply in_map_iff in Hq. destruct Hq as (s' & <- & Hin). reflexivity.
      * rewrite sum_map. transitivity (2 * sum (e k) D); [|rewrite N0 by auto; ring]. rewrite <- sum_scal. apply sum_ext.
        intros s' Hin. unfold swt. cbn [fst snd]. rewrite W0; auto.
      * intros j. rewrite sum_map. transitivity (2 * sum (fun s => e k s * nth j (fst s) 0) D); [|rewrite NX by auto; ring]. rewrite <- sum_scal. apply sum_ext.
        intros s' Hin. unfold swt, sx. cbn [fst snd]. rewrite W0; auto. ring.
  - (* a better point *)
    exists (pth x (b :: w) (- F / Q)). split.
    + eapply shaped_same; apply SHP; [unfold crow; simpl; rewrite repeat_length; auto|simpl; auto].
    + unfold risk, risk_of; change (total sqd) with loss. apply Rmult_lt_compat_l; auto. rewrite !RISK by auto.
      assert (EX : forall v, sum (fun s => (e k0 s + v * hs s) * (e k0 s + v * hs s)) D = sum (fun s => e k0 s * e k0 s) D + (2 * v) * F + (v * v) * Q).
      { intros v. unfold F, Q. rewrite <- !sum_scal, <- !sum_plus. apply sum_ext. intros; ring. }
      assert (E0 : forall (g : list R * list R -> R) k, sum (fun s => (e k s + 0 * g s) * (e k s + 0 * g s)) D = sum (fun s => e k s * e k s) D) by (intros; apply sum_ext; intros; ring).
      assert (V0 : forall k, vk 0 k = 0) by (intros k; unfold vk; destruct (k =? k0); auto).
      apply sumn_lt with k0; auto.
      * intros k _. rewrite V0, (E0 (fun s => ev h (dot crow (1 :: fst s))) k). unfold vk. destruct (k =? k0)%nat eqn:E.
        -- apply Nat.eqb_eq in E. subst k. fold hs. change (sum (fun s => (e k0 s + - F / Q * hs s) * (e k0 s + - F / Q * hs s)) D <= sum (fun s => e k0 s * e k0 s) D). rewrite EX.
           replace (2 * (- F / Q) * F + - F / Q * (- F / Q) * Q) with (- (F * F / Q)) by (field; lra).
           assert (0 < F * F / Q) by (apply Rdiv_lt_0_compat; auto; apply (Rsqr_pos_lt F HF)).
           replace (sum (fun s => e k0 s * e k0 s) D + 2 * (- F / Q) * F + - F / Q * (- F / Q) * Q) with (sum (fun s => e k0 s * e k0 s) D + - (F * F / Q)) by (field; lra). lra.
        -- rewrite (E0 (fun s => ev h (dot (b :: w) (1 :: fst s))) k). lra.
      * rewrite V0, (E0 (fun s => ev h (dot crow (1 :: fst s))) k0). unfold vk. rewrite Nat.eqb_refl.
        change (sum (fun s => (e k0 s + - F / Q * hs s) * (e k0 s + - F / Q * hs s)) D < sum (fun s => e k0 s * e k0 s) D). rewrite EX.
        assert (0 < F * F / Q) by (apply Rdiv_lt_0_compat; auto; apply (Rsqr_pos_lt F HF)).
        replace (sum (fun s => e k0 s * e k0 s) D + 2 * (- F / Q) * F + - F / Q * (- F / Q) * Q) with (sum (fun s => e k0 s * e k0 s) D + - (F * F / Q)) by (field; lra). lra.
Qed.

Corollary theorem1_relu : theorem1_relu_statement.
Proof.
  intros c d m hidden D Hc HN HW HD ND NA.
  destruct (exists_last HN) as (hidden' & H & ->).
  assert (EN : relu_network (hidden' ++ [H]) = network (map (fun w => (relu, w)) hidden') relu).
  { unfold relu_network, network, lay. rewrite map_app, map_map. reflexivity. }
  assert (PV : forall z, 0 <= z -> ev relu z = z) by (intros z Hz; unfold ev, relu; simpl; destruct (Rle_dec z 0); lra).
  assert (NV : forall z, z <= 0 -> ev relu z = 0) by (intros z Hz; unfold ev, relu; simpl; destruct (Rle_dec z 0); lra).
  assert (CR : continuous_act relu) by (split; [simpl; lra|exact I]).
  destruct (theorem1 c d m relu H (map (fun w => (relu, w)) hidden') D) as (path & P1 & P2); auto.
  - intros (s & o & A). assert (A1 := A 0). assert (A2 := A (-1)). assert (A3 := A 1). rewrite PV in A1, A3 by lra. rewrite NV in A2 by lra. lra.
  - apply HW, in_or_app. right. left. auto.
  - intros hw Hin. apply in_map_iff in Hin. destruct Hin as (w & <- & Hin). split; [auto|split].
    + intros (o & A). assert (A1 := A 0). assert (A3 := A 1). simpl in *. rewrite PV in A1, A3 by lra. lra.
    + simpl. apply HW, in_or_app. auto.
  - exists path. split; auto. intros x Hx. rewrite EN. destruct (P1 x Hx) as (A & B & C). split; [|auto].
    rewrite map_map, map_id in A. rewrite <- app_assoc. exact A.
Qed.
