(* The construction of Theorem 1, for any loss: a path of parameters with the predictions of a given affine map, strictly
   inside one cell; and beside it points where one output has a multiple of one more unit. Any depth, any activations. *)
Require Import Reals List Lra Lia Arith.
From Symverify Require Import Spec Losses Theorem1 InteriorMinimum LinearAlgebra Activation.
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
    + intros p Hp0. specialize (HI p Hp0). cbn [lay map fst app inside hd tl]. fold (lay HL). split; [left|exact HI]. rewrite E'. fold a'.
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
Lemma cont_ext {A} (n : R -> A -> A -> Prop) (f g : R -> A) : (forall x, f x = g x) -> cont n f -> cont n g.
Proof. intros E C x e He. destruct (C x e He) as (d & Hd & H). exists d. split; auto. intros x' Hx. rewrite <- !E. auto. Qed.
Lemma cont_vadd u F : cont (nears near) F -> cont (nears near) (fun x => vadd u (F x)).
Proof.
  intros C x e He. destruct (C x e He) as (d & Hd & H). exists d. split; auto. intros x' Hx. specialize (H x' Hx). revert H. generalize (F x) (F x'). clear - He.
  induction u as [|a u IH]; intros l l' H; simpl; [exact H|]. destruct H as [|b b' l l' Hb H]; [apply (close1_refl e (a :: u)); auto|]. constructor; [|apply IH; auto].
  unfold near in *. replace (a + b' - (a + b)) with (b' - b) by ring. auto.
Qed.

Lemma second_entry q y : forall m k w, (k < m)%nat -> (m < w)%nat -> nth m (vadd (urow k q w) (urow m y w)) 0 = y.
Proof.
  unfold urow. induction m as [|m IH]; intros k w Hk Hw; [lia|]. destruct w as [|w]; [lia|]. destruct k as [|k]; [|simpl; apply IH; lia].
  simpl. rewrite Nat.sub_0_r. clear IH Hk. revert w Hw. induction m as [|m IH]; intros [|w] Hw; try lia; simpl; [ring|apply IH; lia].
Qed.

(* The geometry, for any loss. A: an affine map, whose predictions the path has: output k0 takes x times a unit that is constant, and its bias
   makes up for it. Beside it a point whose output k0 has v times the unit (b, w) more. *)
Lemma construction d m h H HL (D : list (list R * list R)) A k0 b w : okpiece h -> (m < H)%nat ->
  (forall hw, In hw HL -> continuous_act (fst hw) /\ ~ constant_act (fst hw) /\ (m < snd hw)%nat) ->
  length A = m -> (forall row, In row A -> length row = S d) -> (k0 < m)%nat -> length w = d ->
  exists (P : list (list (R * R))) (path : R -> params R) (better : R -> params R),
    (forall x, shaped (m :: map snd HL ++ [H; d]) (path x)) /\ (forall v, shaped (m :: map snd HL ++ [H; d]) (better v)) /\
    (forall x s, In s D -> net (network HL h) (path x) (fst s) = affine_map A (fst s) /\ inside (network HL h) P (path x) (fst s)) /\
    (forall v s, In s D -> net (network HL h) (better v) (fst s) =
       map (fun k => dot (nth k A []) (1 :: fst s) + (if Nat.eqb k k0 then v else 0) * ev h (dot (b :: w) (1 :: fst s))) (seq 0 m)) /\
    (forall x x', path x = path x' -> x = x') /\ continuous_path path /\ unbounded_path path.
Proof.
  intros HP Hm HO LA RA Hk0 Lw. set (NN := network HL h).
  destruct HP as (z0 & s & o & r & Hs & Hr & Pev).
  set (fit := fun k (s : list R * list R) => dot (nth k A []) (1 :: fst s)). set (hs := fun s : list R * list R => ev h (dot (b :: w) (1 :: fst s))).
  (* a scale al: the fits stay inside the piece *)
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
  assert (PZ : forall k s', (k < m)%nat -> In s' D -> Rabs (z0 + al * fit k s' - z0) < r).
  { intros k s' Hk Hin. specialize (MB k s' Hk Hin). replace (z0 + al * fit k s' - z0) with (al * fit k s') by ring.
    rewrite Rabs_mult, (Rabs_right al) by lra. assert (al * Rabs (fit k s') < r / 2) by (rewrite <- AM; apply Rmult_lt_compat_l; auto). lra. }
  set (crow := z0 :: repeat 0 d).
  assert (CZ : forall x, dot crow (1 :: x) = z0) by (intros; unfold crow; cbn [dot]; rewrite dot_rep0; ring).
  (* the first layer: the fits, one more unit, constants *)
  set (frow := fun row => vadd (z0 :: repeat 0 d) (map (Rmult al) row)).
  set (W1 := fun row => map frow A ++ row :: repeat crow (H - S m)).
  assert (R1 : forall k s', dot (frow (nth k A [])) (1 :: fst s') = z0 + al * fit k s').
  { intros k s'. unfold frow. rewrite dot_vadd, dot_scale. cbn [dot]. rewrite dot_rep0. unfold fit. ring. }
  assert (NW : forall k, (k < m)%nat -> nth k (map frow A) [] = frow (nth k A [])).
  { intros k Hk. rewrite (nth_indep _ [] (frow [])) by (rewrite map_length; lia). apply map_nth. }
  assert (MW : map frow A = map (fun k => frow (nth k A [])) (seq 0 m)).
  { rewrite <- LA. symmetry. apply (map_nth_seq_gen frow). }
  set (c1 := fun s' k => s * (z0 + al * fit k s') + o).
  assert (L1 : forall row s', In s' D -> exists rest,
     net [(true, h)] [W1 row] (fst s') = (map (c1 s') (seq 0 m) ++ [ev h (dot row (1 :: fst s'))]) ++ rest).
  { intros row s' Hin. eexists. unfold net, W1, layer. cbn [fst snd ext]. rewrite map_app, MW, map_map. cbn [map]. rewrite <- app_assoc. cbn [app]. f_equal.
    apply map_ext_in. intros k Hk. apply in_seq in Hk. rewrite R1, Pev by (apply PZ; auto; lia). reflexivity. }
  set (B := Rabs s * (Rabs z0 + r) + Rabs o + Rabs (ev h z0) + sum (fun s => Rabs (hs s)) D + 1).
  assert (As := Rabs_pos s). assert (Az := Rabs_pos z0). assert (Ao := Rabs_pos o). assert (Ae := Rabs_pos (ev h z0)).
  assert (Ah : 0 <= sum (fun s => Rabs (hs s)) D) by (apply sum_pos; intros; apply Rabs_pos).
  assert (Asz : 0 <= Rabs s * (Rabs z0 + r)) by (apply Rmult_le_pos; lra). assert (HB : 0 < B) by (unfold B; lra).
  assert (B1 : forall s' k, (k < m)%nat -> In s' D -> Rabs (c1 s' k) <= B).
  { intros s' k Hk Hin. unfold c1. apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult.
    assert (Rabs (z0 + al * fit k s') <= Rabs z0 + r).
    { replace (z0 + al * fit k s') with (z0 + (z0 + al * fit k s' - z0)) by ring. apply Rle_trans with (1 := Rabs_triang _ _). specialize (PZ k s' Hk Hin). lra. }
    assert (Rabs s * Rabs (z0 + al * fit k s') <= Rabs s * (Rabs z0 + r)) by (apply Rmult_le_compat_l; auto). unfold B. lra. }
  assert (B2 : forall s', In s' D -> Rabs (ev h (dot crow (1 :: fst s'))) <= B).
  { intros s' Hin. rewrite CZ. unfold B. lra. }
  assert (B3 : forall s', In s' D -> Rabs (hs s') <= B).
  { intros s' Hin. assert (SB := sum_bound hs D s' Hin). unfold B. lra. }
  assert (HO' : forall hw, In hw HL -> okpiece (fst hw) /\ (S m <= snd hw)%nat).
  { intros hw Hin. destruct (HO hw Hin) as (Q1 & Q2 & Q3). split; [apply okpiece_exists; auto|lia]. }
  destruct (pass (S m) H Hm HL HO' B HB) as (TH & P & K & tau & HK & HLen & HSh & HN).
  set (pw := prev HL H). assert (Hp : (S m <= pw)%nat) by (unfold pw; destruct HL as [|hw HL']; simpl; [lia|apply HO'; left; auto]).
  (* the last layer: undo scale and shift; output k0 takes v times the extra unit, less e *)
  set (q := / (K * s * al)). set (vk := fun v k => if Nat.eqb k k0 then v else 0).
  set (out := fun e v k => - q * (K * (s * z0 + o) + tau) - vk v k / K * tau - vk v k * e :: vadd (urow k q pw) (urow m (vk v k / K) pw)).
  set (pth := fun e row v => map (out e v) (seq 0 m) :: TH ++ [W1 row]).
  assert (SHP : forall e row v, length row = S d -> shaped (m :: map snd HL ++ [H; d]) (pth e row v)).
  { intros e row v Lrow.
    assert (S1 : shaped [H; d] [W1 row]).
    { simpl. split; [unfold W1; rewrite app_length, map_length; simpl; rewrite repeat_length; lia|]. split; [|auto]. intros row' Hr'.
      unfold W1 in Hr'. apply in_app_or in Hr'. destruct Hr' as [Hr'|[<-|Hr']]; auto.
      - apply in_map_iff in Hr'. destruct Hr' as (a & <- & Ha). unfold frow. rewrite vadd_length; simpl; rewrite ?map_length, ?repeat_length, ?RA; auto.
      - apply repeat_spec in Hr'. subst. unfold crow. simpl. rewrite repeat_length; auto. }
    specialize (HSh [d] [W1 row] S1).
    assert (LO : forall row', In row' (map (out e v) (seq 0 m)) -> length row' = S pw).
    { intros row' Hr'. apply in_map_iff in Hr'. destruct Hr' as (k & <- & Hk). apply in_seq in Hk. unfold out. simpl. rewrite vadd_length; rewrite !urow_length; lia. }
    unfold pth. destruct HL as [|[h' w'] HL']; simpl in *; rewrite map_length, seq_length; auto. }
  assert (NET : forall e row v s', In s' D -> Rabs (ev h (dot row (1 :: fst s'))) <= B ->
     net NN (pth e row v) (fst s') = map (fun k => fit k s' + vk v k * (ev h (dot row (1 :: fst s')) - e)) (seq 0 m)).
  { intros e row v s' Hin Hb. destruct (L1 row s' Hin) as (rest & EL).
    destruct (HN _ _ _ _ _ EL) as ((rest' & EN) & _).
    { rewrite app_length, map_length, seq_length. simpl. lia. }
    { intros a Ha. apply in_app_or in Ha. destruct Ha as [Ha|[<-|[]]]; auto. apply in_map_iff in Ha. destruct Ha as (k & <- & Hk). apply in_seq in Hk. apply B1; auto; lia. }
    unfold NN, network, pth. cbn [net]. rewrite EN. unfold layer. rewrite map_map. apply map_ext_in. intros k Hk. apply in_seq in Hk.
    unfold ev at 1, identity, out. cbn [fst snd plin ext dot]. rewrite dot_vadd, !urow_dot.
    set (g := ev h (dot row (1 :: fst s'))).
    set (cs := map (c1 s') (seq 0 m) ++ [g]). assert (Lcs : length cs = S m) by (unfold cs; rewrite app_length, map_length, seq_length; simpl; lia).
    assert (NK : forall j, (j < S m)%nat -> nth j (map (fun a => K * a + tau) cs ++ rest') 0 = K * nth j cs 0 + tau).
    { intros j Hj. rewrite app_nth1 by (rewrite map_length; lia).
      rewrite (nth_indep _ 0 (K * 0 + tau)) by (rewrite map_length; lia). apply (map_nth (fun a => K * a + tau)). }
    rewrite !NK by lia. unfold cs.
    assert (CK : nth k (map (c1 s') (seq 0 m) ++ [g]) 0 = c1 s' k) by (rewrite app_nth1 by (rewrite map_length, seq_length; lia); apply nth_map_seq; lia). rewrite CK.
    replace (nth m (map (c1 s') (seq 0 m) ++ [g]) 0) with g.
    2:{ rewrite app_nth2; rewrite map_length, seq_length; [|lia]. rewrite Nat.sub_diag. reflexivity. }
    unfold c1, q. field. repeat split; auto; lra. }
  (* the path *)
  set (path := fun x => pth (ev h z0) crow x).
  assert (NET0 : forall x s', In s' D -> net NN (path x) (fst s') = map (fun k => fit k s') (seq 0 m)).
  { intros x s' Hin. unfold path. rewrite NET by auto. apply map_ext. intros k. rewrite CZ. ring. }
  (* what output k0 takes of the constant unit *)
  assert (TAKES : forall x, nth (S m) (nth k0 (map (out (ev h z0) x) (seq 0 m)) []) 0 = x / K).
  { intros x. rewrite (nth_indep _ [] (out (ev h z0) x 0%nat)) by (rewrite map_length, seq_length; auto). rewrite map_nth, seq_nth by auto.
    unfold out, vk. cbn [Nat.add nth]. rewrite Nat.eqb_refl. apply second_entry; lia. }
  assert (INJ : forall x x', path x = path x' -> x = x').
  { intros x x' E. unfold path, pth in E. injection E as E1. assert (T := TAKES x). rewrite E1, TAKES in T.
    apply (Rmult_eq_reg_r (/ K)); [symmetry; exact T|apply Rinv_neq_0_compat; auto]. }
  assert (CONT : continuous_path path).
  { change (cont (nears (nears (nears near))) path). unfold path, pth. apply cont_cons; [|apply cont_const; intros; apply close_refl; auto].
    apply cont_map. intros k _. unfold out. apply cont_cons.
    - destruct (Nat.eq_dec k k0) as [->|N].
      + apply (cont_affine _ (- q * (K * (s * z0 + o) + tau)) (- (/ K * tau + ev h z0))). intros x. unfold vk. rewrite Nat.eqb_refl. unfold Rdiv. ring.
      + apply (cont_affine _ (- q * (K * (s * z0 + o) + tau)) 0). intros x. unfold vk. rewrite (proj2 (Nat.eqb_neq k k0) N). unfold Rdiv. ring.
    - apply cont_vadd. apply (cont_ext _ (fun x => repeat 0 m ++ vk x k / K :: repeat 0 (pw - m - 1))); [reflexivity|]. apply cont_app; [apply cont_const; intros; apply close1_refl; auto|].
      apply cont_cons; [|apply cont_const; intros; apply close1_refl; auto]. unfold vk. destruct (Nat.eqb k k0).
      + apply (cont_affine _ 0 (/ K)). intros x. unfold Rdiv. ring.
      + apply (cont_affine _ 0 0). intros x. unfold Rdiv. ring. }
  assert (FAR : unbounded_path path).
  { intros bound. exists ((Rabs bound + 1) * Rabs K). assert (AK := Rabs_pos_lt K HK). assert (AB := Rabs_pos bound). split; [nra|].
    set (x := (Rabs bound + 1) * Rabs K). exists (map (out (ev h z0) x) (seq 0 m)), (nth k0 (map (out (ev h z0) x) (seq 0 m)) []), (x / K).
    split; [left; reflexivity|]. split; [apply nth_In; rewrite map_length, seq_length; auto|]. split.
    - rewrite <- (TAKES x). apply nth_In. rewrite (nth_indep _ [] (out (ev h z0) x 0%nat)) by (rewrite map_length, seq_length; auto). rewrite map_nth.
      unfold out. simpl. rewrite seq_nth by auto. rewrite vadd_length; rewrite !urow_length; lia.
    - unfold x, Rdiv. rewrite !Rabs_mult, Rabs_Rabsolu, Rabs_inv, Rmult_assoc, Rinv_r, Rmult_1_r by lra. rewrite (Rabs_right (Rabs bound + 1)) by lra.
      assert (Q := Rle_abs bound). lra. }
  assert (AF : forall s' : list R * list R, map (fun k => fit k s') (seq 0 m) = affine_map A (fst s')).
  { intros s'. unfold fit, affine_map. rewrite <- LA. apply (map_nth_seq_gen (fun row => dot row (1 :: fst s'))). }
  set (PP := repeat (1, 0) m :: P ++ [repeat (s, o) H]).
  exists PP, path, (fun v => pth 0 (b :: w) v).
  split; [intros x; apply SHP; unfold crow; simpl; rewrite repeat_length; auto|]. split; [intros v; apply SHP; simpl; auto|].
  split; [|split; [|split; [exact INJ|split; [exact CONT|exact FAR]]]].
  - intros x s' Hin. split; [rewrite NET0 by auto; apply AF|].
      unfold NN, network, path, pth, PP. cbn [inside hd tl]. split.
      * left. apply inside_units_all; [|rewrite map_length, seq_length; lia]. intros row _. exists 1. split; [lra|]. intros z' _. unfold ev, identity. simpl. ring.
      * destruct (L1 crow s' Hin) as (rest & EL). destruct (HN _ _ _ _ _ EL) as (_ & HI).
        { rewrite app_length, map_length, seq_length. simpl. lia. }
        { intros a Ha. apply in_app_or in Ha. destruct Ha as [Ha|[<-|[]]]; auto. apply in_map_iff in Ha. destruct Ha as (k & <- & Hk). apply in_seq in Hk. apply B1; auto; lia. }
        apply HI. cbn [inside hd tl net]. split; [left|exact I].
        assert (S0 : strict h z0 s o) by (apply (strict_in h z0 s o r); auto; rewrite Rminus_eq_0, Rabs_R0; lra).
        apply inside_units_all; [|unfold W1; rewrite app_length, map_length; simpl; rewrite repeat_length; lia].
        intros row Hrow. unfold W1 in Hrow. rewrite MW in Hrow. apply in_app_or in Hrow. cbn [ext]. destruct Hrow as [Hrow|Hrow].
        -- apply in_map_iff in Hrow. destruct Hrow as (k & <- & Hk). apply in_seq in Hk. rewrite R1. apply (strict_in h z0 s o r); auto. apply PZ; auto; lia.
        -- assert (row = crow) by (destruct Hrow as [<-|Hrow]; [auto|apply repeat_spec in Hrow; auto]). subst row. rewrite CZ. auto.
  - intros v s' Hin. rewrite NET; [|auto|apply (B3 s' Hin)]. apply map_ext. intros k. unfold fit, vk. rewrite Rminus_0_r. reflexivity.
Qed.
