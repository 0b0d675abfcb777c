(* interior_minimum, any depth, any number of outputs: the proof over the reals. *)
Require Import Reals List Lra Lia Arith.
From Symverify Require Import Spec.
Import ListNotations.
Open Scope R_scope.

Lemma mul_cont a b d : 0 < d -> exists e, 0 < e /\ forall a' b', Rabs (a' - a) < e -> Rabs (b' - b) < e ->
  Rabs (a' * b' - a * b) < d.
Proof.
  intros Hd.
  assert (HA := Rabs_pos a). assert (HB := Rabs_pos b).
  set (K := Rabs a + Rabs b + 1). assert (HK : 0 < K) by (unfold K; lra).
  exists (Rmin 1 (d / (2 * K))). split.
  - apply Rmin_pos; [lra|]. apply Rdiv_lt_0_compat; lra.
  - intros a' b' Ha Hb. 
    assert (E := Rmin_l 1 (d / (2*K))). assert (E' := Rmin_r 1 (d / (2*K))).
    set (e := Rmin 1 (d/(2*K))) in *.
    replace (a' * b' - a * b) with (a' * (b' - b) + b * (a' - a)) by ring.
    apply Rle_lt_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult.
    assert (Rabs a' <= Rabs a + 1).
    { replace a' with (a + (a' - a)) by ring. apply Rle_trans with (1 := Rabs_triang _ _). lra. }
    assert (P1 := Rabs_pos (b' - b)). assert (P2 := Rabs_pos (a' - a)). assert (P3 := Rabs_pos a').
    assert (Rabs a' * Rabs (b' - b) <= (Rabs a + 1) * e) by (apply Rmult_le_compat; lra).
    assert (Rabs b * Rabs (a' - a) <= Rabs b * e) by (apply Rmult_le_compat_l; lra).
    assert (K * e <= d / 2).
    { replace (d/2) with (K * (d / (2*K))) by (field; lra). apply Rmult_le_compat_l; lra. }
    unfold K in *. lra.
Qed.

Lemma close1_mono e e' u v : e <= e' -> close1 e u v -> close1 e' u v.
Proof. intros H C. induction C; constructor; auto. simpl in *. lra. Qed.
Lemma close2_mono e e' u v : e <= e' -> close2 e u v -> close2 e' u v.
Proof. intros H C. induction C; constructor; auto. eapply close1_mono; eauto. Qed.
Lemma close_mono e e' u v : e <= e' -> close e u v -> close e' u v.
Proof. intros H C. induction C; constructor; auto. eapply close2_mono; eauto. Qed.
Lemma close1_refl e u : 0 < e -> close1 e u u.
Proof. intros. induction u; constructor; auto. rewrite Rminus_eq_0, Rabs_R0; auto. Qed.
Lemma close2_refl e u : 0 < e -> close2 e u u.
Proof. intros. induction u; constructor; auto. apply close1_refl; auto. Qed.
Lemma close_refl e u : 0 < e -> close e u u.
Proof. intros. induction u; constructor; auto. apply close2_refl; auto. Qed.

Lemma dot_cont : forall u v d, 0 < d -> exists e, 0 < e /\ forall u' v', close1 e u u' -> close1 e v v' ->
  Rabs (dot u' v' - dot u v) < d.
Proof.
  induction u as [|a u IH]; intros v d Hd.
  - exists 1. split; [lra|]. intros u' v' Hu Hv. inversion Hu. simpl. rewrite Rminus_eq_0, Rabs_R0; auto.
  - destruct v as [|b v].
    + exists 1. split; [lra|]. intros u' v' Hu Hv. inversion Hv. destruct u'; simpl; rewrite Rminus_eq_0, Rabs_R0; auto.
    + destruct (mul_cont a b (d/2)) as (e1 & He1 & H1); [lra|].
      destruct (IH v (d/2)) as (e2 & He2 & H2); [lra|].
      exists (Rmin e1 e2). split; [apply Rmin_pos; auto|].
      intros u' v' Hu Hv. inversion Hu; subst. inversion Hv; subst. simpl.
      assert (E1 := Rmin_l e1 e2). assert (E2 := Rmin_r e1 e2).
      replace (y * y0 + dot l' l'0 - (a * b + dot u v)) with ((y*y0 - a*b) + (dot l' l'0 - dot u v)) by ring.
      apply Rle_lt_trans with (1 := Rabs_triang _ _).
      assert (Rabs (y*y0 - a*b) < d/2) by (apply H1; lra).
      assert (Rabs (dot l' l'0 - dot u v) < d/2) by (apply H2; eapply close1_mono; eauto).
      lra.
Qed.

Lemma close1_ext b e u v : 0 < e -> close1 e u v -> close1 e (ext b u) (ext b v).
Proof. intros; destruct b; simpl; auto. constructor; auto. rewrite Rminus_eq_0, Rabs_R0; auto. Qed.

(* z is strictly inside a piece with slope s and offset o *)
Definition strict (h : act R) (z s o : R) : Prop :=
  exists d, 0 < d /\ forall z', Rabs (z' - z) < d -> ev h z' = s * z' + o.

Fixpoint units (b : bool) (L : list (R * R)) (W : list (list R)) (a : list R) : list R :=
  match W with
  | [] => []
  | row :: W' => fst (hd (0,0) L) * dot row (ext b a) + snd (hd (0,0) L) :: units b (tl L) W' a
  end.
Fixpoint netp (N : list (bool * act R)) (p : list (list (R * R))) (th : params R) (x : list R) : list R :=
  match N, th with
  | bh :: N', W :: th' => units (fst bh) (hd [] p) W (netp N' (tl p) th' x)
  | _, _ => x
  end.
Fixpoint inside_units (bh : bool * act R) (L : list (R * R)) (W : list (list R)) (a : list R) : Prop :=
  match W with
  | [] => True
  | row :: W' => strict (snd bh) (dot row (ext (fst bh) a)) (fst (hd (0,0) L)) (snd (hd (0,0) L))
      /\ inside_units bh (tl L) W' a
  end.
(* the first layer without biases at x = 0: its pre-activations are 0 whatever the weights, and bound no cell *)
Definition dead_row (N' : list (bool * act R)) (bh : bool * act R) (L : list (R * R)) (W : list (list R)) (x : list R) : Prop :=
  N' = [] /\ fst bh = false /\ (forall row, dot row x = 0) /\ forall j, (j < length W)%nat -> ev (snd bh) 0 = snd (nth j L (0, 0)).
Fixpoint inside (N : list (bool * act R)) p (th : params R) (x : list R) : Prop :=
  match N, th with
  | bh :: N', W :: th' => (inside_units bh (hd [] p) W (net N' th' x) \/ dead_row N' bh (hd [] p) W x) /\ inside N' (tl p) th' x
  | _, _ => True
  end.
Lemma Forall2_len {A B} (P : A -> B -> Prop) u v : Forall2 P u v -> length u = length v.
Proof. intros H; induction H; simpl; auto. Qed.
Lemma dead_units h x : (forall row, dot row x = 0) -> forall W L, (forall j, (j < length W)%nat -> ev h 0 = snd (nth j L (0, 0))) ->
  layer (false, h) W x = units false L W x.
Proof.
  intros Z. induction W as [|row W IH]; intros L H; [reflexivity|]. unfold layer in *. cbn [map units fst snd ext] in *. rewrite Z, (IH (tl L)).
  - f_equal. rewrite (H 0%nat) by (simpl; lia). destruct L; simpl; ring.
  - intros j Hj. rewrite (H (S j)) by (simpl; lia). destruct L; [destruct j|]; reflexivity.
Qed.

Lemma units_near bh : forall W L a, inside_units bh L W a -> forall d, 0 < d -> exists e, 0 < e /\
  forall W' a', close2 e W W' -> close1 e a a' ->
    layer bh W' a' = units (fst bh) L W' a' /\ close1 d (layer bh W a) (layer bh W' a').
Proof.
  induction W as [|row W IH]; intros L a HI d Hd.
  - exists 1. split; [lra|]. intros W' a' HW Ha. inversion HW; subst. simpl. split; [reflexivity|constructor].
  - simpl in HI. destruct HI as [(d0 & Hd0 & HS) HI].
    set (s := fst (hd (0,0) L)) in *. set (o := snd (hd (0,0) L)) in *.
    set (z := dot row (ext (fst bh) a)) in *.
    destruct (IH (tl L) a HI d Hd) as (e1 & He1 & H1).
    destruct (mul_cont s z d Hd) as (e3 & He3 & H3).
    destruct (dot_cont row (ext (fst bh) a) (Rmin d0 e3)) as (e2 & He2 & H2); [apply Rmin_pos; auto|].
    exists (Rmin e1 e2). split; [apply Rmin_pos; auto|].
    intros W' a' HW Ha. inversion HW as [|r r' w w' Hr Hw]; subst. simpl.
    assert (E1 := Rmin_l e1 e2). assert (E2 := Rmin_r e1 e2).
    assert (E3 := Rmin_l d0 e3). assert (E4 := Rmin_r d0 e3).
    destruct (H1 w' a') as [Q1 Q2]; [eapply close2_mono; eauto | eapply close1_mono; eauto|].
    assert (HZ : Rabs (dot r' (ext (fst bh) a') - z) < Rmin d0 e3).
    { apply H2; [eapply close1_mono; eauto|]. apply close1_ext; auto. eapply close1_mono; eauto. }
    assert (V' : ev (snd bh) (dot r' (ext (fst bh) a')) = s * dot r' (ext (fst bh) a') + o) by (apply HS; lra).
    assert (V : ev (snd bh) z = s * z + o) by (apply HS; rewrite Rminus_eq_0, Rabs_R0; auto).
    fold s o. split.
    + rewrite V'. f_equal. exact Q1.
    + constructor; [|exact Q2]. fold z. rewrite V', V.
      replace (s * dot r' (ext (fst bh) a') + o - (s * z + o)) with (s * dot r' (ext (fst bh) a') - s * z) by ring.
      apply H3; [rewrite Rminus_eq_0, Rabs_R0; auto|lra].
Qed.

Lemma net_near : forall N p th x, inside N p th x -> forall d, 0 < d -> exists e, 0 < e /\
  forall th', close e th th' -> net N th' x = netp N p th' x /\ close1 d (net N th x) (net N th' x).
Proof.
  induction N as [|bh N IH]; intros p th x HI d Hd.
  - exists 1. split; [lra|]. intros. simpl. destruct th'; split; auto using close1_refl.
  - destruct th as [|W th].
    + exists 1. split; [lra|]. intros th' H. inversion H; subst. simpl. split; auto using close1_refl.
    + simpl in HI. destruct HI as [[HU|(EN & EB & Z & HD)] HI].
      2:{ subst N. destruct bh as [b h]. simpl in EB. subst b. exists 1. split; [lra|]. intros th' H. inversion H as [|w w' t t' Hw Ht]; subst. simpl.
        assert (LW : length W = length w') by (eapply Forall2_len; eauto).
        assert (C : forall V : list (list R), layer (false, h) V x = map (fun _ => ev h 0) V) by (intros V; unfold layer; apply map_ext; intros; cbn [snd fst ext]; rewrite Z; auto).
        split; [apply dead_units; auto; intros j Hj; apply HD; lia|]. rewrite !C.
        replace (map (fun _ : list R => ev h 0) w') with (map (fun _ : list R => ev h 0) W); [apply close1_refl; auto|].
        clear - LW. revert w' LW. induction W; intros [|? w'] L; try discriminate; simpl; auto. f_equal. apply IHW. simpl in L. lia. }
      destruct (units_near bh W _ _ HU d Hd) as (e1 & He1 & H1).
      destruct (IH _ _ _ HI e1 He1) as (e2 & He2 & H2).
      exists (Rmin e1 e2). split; [apply Rmin_pos; auto|].
      assert (E1 := Rmin_l e1 e2). assert (E2 := Rmin_r e1 e2).
      intros th' H. inversion H as [|w w' t t' Hw Ht]; subst. simpl.
      destruct (H2 t') as [Q1 Q2]; [eapply close_mono; eauto|].
      destruct (H1 w' (net N t' x)) as [Q3 Q4]; auto; [eapply close2_mono; eauto|].
      split; [|exact Q4]. rewrite Q3, Q1. reflexivity.
Qed.

(* Sums *)
Lemma sum_ext {I} (f g : I -> R) S : (forall i, In i S -> f i = g i) -> sum f S = sum g S.
Proof. induction S; simpl; intros H; auto. rewrite H, IHS; auto. Qed.
Lemma sum_plus {I} (f g : I -> R) S : sum (fun i => f i + g i) S = sum f S + sum g S.
Proof. induction S; simpl; [ring|]. rewrite IHS; ring. Qed.
Lemma sum_scal {I} c (f : I -> R) S : sum (fun i => c * f i) S = c * sum f S.
Proof. induction S; simpl; [ring|]. rewrite IHS; ring. Qed.
Lemma sum_zero {I} (S : list I) : sum (fun _ => 0) S = 0.
Proof. induction S; simpl; [ring|]. rewrite IHS; ring. Qed.
Lemma sum_0 {I} (f : I -> R) S : (forall i, In i S -> f i = 0) -> sum f S = 0.
Proof. intros H. rewrite (sum_ext f (fun _ => 0)); auto. apply sum_zero. Qed.
Lemma sum_le {I} (f g : I -> R) S : (forall i, In i S -> f i <= g i) -> sum f S <= sum g S.
Proof. induction S; simpl; intros H; [lra|]. assert (f a <= g a) by auto. assert (sum f S <= sum g S) by auto. lra. Qed.
Lemma sum_map {I J} (m : I -> J) (f : J -> R) S : sum f (map m S) = sum (fun i => f (m i)) S.
Proof. induction S; simpl; auto. rewrite IHS; auto. Qed.

(* weights that kill all columns kill every combination of the columns *)
Lemma kill_comb {I} (w : I -> R) (S : list I) : forall row (a : I -> list R),
  (forall m, sum (fun i => w i * nth m (a i) 0) S = 0) -> sum (fun i => w i * dot row (a i)) S = 0.
Proof.
  induction row as [|c row IH]; intros a H.
  - apply sum_0. intros; simpl; ring.
  - transitivity (c * sum (fun i => w i * nth 0 (a i) 0) S + sum (fun i => w i * dot row (tl (a i))) S).
    + rewrite <- sum_scal, <- sum_plus. apply sum_ext. intros i _. destruct (a i); [destruct row|]; cbn [dot nth tl]; ring.
    + rewrite H, IH; [ring|]. intros m. etransitivity; [|apply (H (Datatypes.S m))]. apply sum_ext. intros i _.
      destruct (a i); [destruct m|]; reflexivity.
Qed.

(* a sample, as seen from a layer: its weight, the pieces of the layers below, its input *)
Definition samp : Type := (R * list (list (R * R)) * list R)%type.
Definition swt (s : samp) : R := fst (fst s).
Definition spat (s : samp) := snd (fst s).
Definition sx (s : samp) := snd s.
Definition piece_of (j : nat) (s : samp) : R * R := nth j (hd [] (spat s)) (0,0).
Definition advance (j : nat) (s : samp) : samp := (swt s * fst (piece_of j s), tl (spat s), sx s).

Fixpoint kill (N : list (bool * nat)) (S : list samp) : Prop :=
  match N with
  | [] => forall m, sum (fun s => swt s * nth m (sx s) 0) S = 0
  | (b, width) :: N' => forall j, (j < width)%nat ->
      sum (fun s => swt s * snd (piece_of j s)) S = 0 /\
      (b = true -> sum (fun s => swt s * fst (piece_of j s)) S = 0) /\
      kill N' (map (advance j) S)
  end.

Lemma nth_units b a : forall W L j, nth j (units b L W a) 0 =
  if (j <? length W)%nat then fst (nth j L (0,0)) * dot (nth j W []) (ext b a) + snd (nth j L (0,0)) else 0.
Proof.
  induction W; intros L j; simpl.
  - destruct j; auto.
  - destruct j; simpl.
    + destruct L; auto.
    + rewrite IHW. change (S j <? S (length W))%nat with (j <? length W)%nat.
      destruct L; simpl; auto. destruct j; auto.
Qed.

Fixpoint shapeN (N : list (bool * act R)) (th : params R) : list (bool * nat) :=
  match N, th with bh :: N', W :: th' => (fst bh, length W) :: shapeN N' th' | _, _ => [] end.

Lemma kill_net : forall N th S, kill (shapeN N th) S ->
  forall j, sum (fun s => swt s * nth j (netp N (spat s) th (sx s)) 0) S = 0.
Proof.
  induction N as [|bh N IH]; intros th S HK j.
  - simpl in *. apply HK.
  - destruct th as [|W th]; [simpl in *; apply HK|].
    simpl in HK. simpl.
    destruct (j <? length W)%nat eqn:E.
    + destruct (HK j) as (K1 & K2 & K3); [apply Nat.ltb_lt; auto|].
      specialize (IH th _ K3).
      transitivity (sum (fun s => (swt s * fst (piece_of j s)) * dot (nth j W []) (ext (fst bh) (netp N (tl (spat s)) th (sx s)))) S
        + sum (fun s => swt s * snd (piece_of j s)) S).
      * rewrite <- sum_plus. apply sum_ext. intros s _. rewrite nth_units, E. unfold piece_of. ring.
      * rewrite K1. rewrite kill_comb; [ring|]. intros m.
        destruct (fst bh) eqn:B.
        -- destruct m as [|m]; simpl.
           ++ etransitivity; [|apply K2; auto]. apply sum_ext. intros; ring.
           ++ etransitivity; [|apply (IH m)]. rewrite sum_map. reflexivity.
        -- simpl. etransitivity; [|apply (IH m)]. rewrite sum_map. reflexivity.
    + apply sum_0. intros s _. rewrite nth_units, E. ring.
Qed.

Fixpoint sumn (m : nat) (f : nat -> R) : R := match m with O => 0 | S m' => f O + sumn m' (fun k => f (S k)) end.
Lemma sumn_zero m f : (forall k, (k < m)%nat -> f k = 0) -> sumn m f = 0.
Proof. revert f. induction m; simpl; intros f H; auto. rewrite H, IHm; [ring| |lia]. intros; apply H; lia. Qed.
Lemma sum_sumn {I} m : forall (g : I -> nat -> R) S, sum (fun i => sumn m (g i)) S = sumn m (fun k => sum (fun i => g i k) S).
Proof.
  induction m; intros g S; simpl; [apply sum_zero|]. rewrite sum_plus. f_equal. apply (IHm (fun i k => g i (Datatypes.S k))).
Qed.

Lemma total_sum l N D th : total l N D th = sum (fun d => l (net N th (fst d)) (snd d)) D.
Proof. induction D; simpl; auto. rewrite IHD; auto. Qed.
Definition loss := total sqd.
Lemma loss_sum N D th : loss N D th = sum (fun d => sqd (net N th (fst d)) (snd d)) D.
Proof. apply total_sum. Qed.
Lemma dot_sumn : forall m v u, length u = m -> dot v u = sumn m (fun k => nth k v 0 * nth k u 0).
Proof.
  induction m; intros v [|b u] H; try discriminate; destruct v as [|a v]; simpl; auto.
  - rewrite sumn_zero; [ring|]. intros k _. destruct k; ring.
  - rewrite (IHm v u); auto.
Qed.

Lemma near_all {I} (Q : I -> params R -> Prop) th (S : list I) :
  (forall i, In i S -> exists e, 0 < e /\ forall th', close e th th' -> Q i th') ->
  exists e, 0 < e /\ forall th', close e th th' -> forall i, In i S -> Q i th'.
Proof.
  induction S as [|i S IH]; intros H.
  - exists 1. split; [lra|]. intros th' _ i [].
  - destruct (H i) as (e1 & P1 & H1); [left; auto|]. destruct IH as (e2 & P2 & H2); [intros; apply H; right; auto|].
    exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. intros th' C k [<-|K].
    + apply H1. eapply close_mono; eauto. apply Rmin_l.
    + apply H2; auto. eapply close_mono; eauto. apply Rmin_r.
Qed.

Lemma F2_length {A B} (R : A -> B -> Prop) u v : Forall2 R u v -> length u = length v.
Proof. intros H; induction H; simpl; auto. Qed.
Lemma close1_length e u v : close1 e u v -> length u = length v.
Proof. apply F2_length. Qed.

(* samples with their patterns: (x, y, p) *)
Definition residual (l : convex_loss) N th (k : nat) (d : list R * list R * list (list (R*R))) : samp :=
  (nth k (slope l (net N th (fst (fst d))) (snd (fst d))) 0, snd d, fst (fst d)).

Lemma shapeN_close e N : forall th th', close e th th' -> shapeN N th = shapeN N th'.
Proof.
  induction N; intros th th' H; simpl; auto. inversion H; subst; auto. f_equal; auto.
  f_equal. eapply F2_length; eauto.
Qed.

Theorem interior_minimum (l : convex_loss) c N m (DP : list (list R * list R * list (list (R*R)))) th :
  0 <= c ->
  (forall d, In d DP -> inside N (snd d) th (fst (fst d)) /\ length (snd (fst d)) = m
      /\ length (net N th (fst (fst d))) = m) ->
  (forall k, (k < m)%nat -> kill (shapeN N th) (map (residual l N th k) DP)) ->
  local_min (risk_of (value l) c N (map fst DP)) th.
Proof.
  intros Hc HI HK.
  destruct (near_all (fun d th' => net N th' (fst (fst d)) = netp N (snd d) th' (fst (fst d))
     /\ length (net N th' (fst (fst d))) = m) th DP) as (e & He & H).
  { intros d Hd. destruct (HI d Hd) as (H1 & H2 & H3). destruct (net_near N _ _ _ H1 1) as (e & He & H); [lra|].
    exists e. split; auto. intros th' C. destruct (H th' C) as [Q1 Q2]. split; auto.
    rewrite <- (close1_length _ _ _ Q2); auto. }
  exists e. split; auto. intros th' C. specialize (H th' C).
  unfold risk_of. apply Rmult_le_compat_l; auto. rewrite !total_sum, !sum_map.
  set (g := fun d : list R * list R * list (list (R*R)) => slope l (net N th (fst (fst d))) (snd (fst d))).
  assert (Z : forall t, close e th t -> (forall d, In d DP -> net N t (fst (fst d)) = netp N (snd d) t (fst (fst d)) /\ length (net N t (fst (fst d))) = m) ->
     sum (fun d => dot (g d) (net N t (fst (fst d)))) DP = 0).
  { intros t Ct Ht. transitivity (sum (fun d => sumn m (fun k => nth k (g d) 0 * nth k (net N t (fst (fst d))) 0)) DP).
    { apply sum_ext. intros d Hd. apply dot_sumn. apply Ht; auto. }
    rewrite sum_sumn. apply sumn_zero. intros k Hk. specialize (HK k Hk). rewrite (shapeN_close e N th t Ct) in HK.
    generalize (kill_net N t _ HK k). rewrite sum_map. intros Y. etransitivity; [|exact Y]. apply sum_ext. intros d Hd.
    rewrite (proj1 (Ht d Hd)). reflexivity. }
  assert (Z1 := Z th' C H).
  assert (Z0 : sum (fun d => dot (g d) (net N th (fst (fst d)))) DP = 0).
  { apply Z; [apply close_refl; auto|]. intros d Hd. destruct (HI d Hd) as (H1 & _ & H3).
    destruct (net_near N _ _ _ H1 1) as (e1 & He1 & HH); [lra|]. split; auto. apply HH, close_refl; auto. }
  apply Rle_trans with (sum (fun d => value l (net N th (fst (fst d))) (snd (fst d)) + (dot (g d) (net N th' (fst (fst d))) + -1 * dot (g d) (net N th (fst (fst d))))) DP).
  - rewrite !sum_plus, sum_scal, Z0, Z1. lra.
  - apply sum_le. intros d Hd. destruct (HI d Hd) as (_ & H2 & H3). destruct (H d Hd) as [_ H4].
    assert (T := tangent l (net N th (fst (fst d))) (net N th' (fst (fst d))) (snd (fst d))). unfold g.
    assert (length (net N th (fst (fst d))) = length (snd (fst d))) by congruence.
    assert (length (net N th' (fst (fst d))) = length (snd (fst d))) by congruence. specialize (T H0 H1). lra.
Qed.
