(* The bound about the rational data: computed with integers after scaling.
   Inputs times L, arguments of h times a, its values times a b. The gain of a vector is computed with rationals. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Bool Arith.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck Rays TreeBound.
Import ListNotations.
Open Scope R_scope.

(* dividing by the greatest common divisor *)
Definition gcdZ (v : list Z) : Z := fold_right Z.gcd 0%Z v.
Definition shrinkZ (v : list Z) : list Z :=
  let g := gcdZ v in
  let v' := map (fun x => Z.div x g) v in
  if (0 <? g)%Z && forallb (fun xy => (fst xy * g =? snd xy)%Z) (combine v' v) then v' else v.
Lemma shrinkZ_ok : forall v : list (T Zops), exists k, 0 < k /\ forall X, dot (rv ZR (shrinkZ v)) X = k * dot (rv ZR v) X.
Proof.
  intros v. unfold shrinkZ. set (g := gcdZ v). destruct (0 <? g)%Z eqn:Eg; simpl; [|exists 1; split; [lra|intros; ring]].
  destruct (forallb _ _) eqn:E; [|exists 1; split; [lra|intros; ring]].
  apply Z.ltb_lt, IZR_lt in Eg. exists (/ IZR g). split; [apply Rinv_0_lt_compat; auto|].
  generalize dependent g. intros g Eg. induction v as [|x v IH]; intros E [|y X]; simpl; try ring.
  simpl in E. apply andb_prop in E. destruct E as [E1 E2]. apply Z.eqb_eq in E1.
  rewrite (IH E2 X). rewrite <- E1 at 2. rewrite mult_IZR. field. lra.
Qed.

(* the primitive integer vector in the direction of a rational one *)
Definition lcmZ (v : list Q) : Z := fold_right (fun q l => Z.lcm (Zpos (Qden q)) l) 1%Z v.
Definition shrinkQ (v : list Q) : list Q :=
  let l := lcmZ v in
  let g := gcdZ (map (fun q => Z.div (Qnum q * l) (Zpos (Qden q))) v) in
  let s := qnorm (l # Z.to_pos g) in
  if Qle_bool s 0 then v else map (mul Qops s) v.
Lemma shrinkQ_ok : forall v : list (T Qops), exists k, 0 < k /\ forall X, dot (rv QR (shrinkQ v)) X = k * dot (rv QR v) X.
Proof.
  intros v. unfold shrinkQ. set (s := qnorm _). destruct (Qle_bool s 0) eqn:E; [exists 1; split; [lra|intros; ring]|].
  exists (Q2R s). split.
  - destruct (Rlt_le_dec 0 (Q2R s)) as [|L]; auto. exfalso. assert (Qle_bool s 0 = true); [|congruence]. apply Qle_bool_iff, Rle_Qle. unfold Q2R at 2. simpl. lra.
  - intros X. rewrite (Rays.rv_scale Qops QR s v). apply dot_scale.
Qed.

(* s q as an integer *)
Definition scaleZ (s : Z) (q : Q) : Z := Z.div (Qnum q * s) (Zpos (Qden q)).
Definition exact (s : Z) (q : Q) : bool := Z.eqb (scaleZ s q * Zpos (Qden q)) (Qnum q * s).
Lemma exact_ok s q : exact s q = true -> IZR (scaleZ s q) = IZR s * Q2R q.
Proof.
  unfold exact. intros H. apply Z.eqb_eq, (f_equal IZR) in H. rewrite !mult_IZR in H. destruct q as [n p]. unfold Q2R. cbn [Qnum Qden] in *.
  assert (0 < IZR (Zpos p)) by (apply IZR_lt; lia). apply Rmult_eq_reg_r with (IZR (Zpos p)); [|lra]. rewrite H. field. lra.
Qed.

Definition scale_piece (a b : Z) (p : Q * Q * Q) : Z * Z * Z := ((scaleZ a (fst (fst p)), scaleZ b (snd (fst p))), scaleZ (a * b) (snd p)).
Definition exact_piece (a b : Z) (p : Q * Q * Q) : bool := exact a (fst (fst p)) && exact b (snd (fst p)) && exact (a * b) (snd p).
Definition scale_act (a b : Z) (h : act Q) : act Z := (map (scale_piece a b) (fst h), (scaleZ b (fst (snd h)), scaleZ (a * b) (snd (snd h)))).
Definition exact_act (a b : Z) (h : act Q) : bool := forallb (exact_piece a b) (fst h) && exact b (fst (snd h)) && exact (a * b) (snd (snd h)).
(* the tree does not look at the targets *)
Definition scale_data (L : Z) (D : list (list Q * list Q)) : list (list Z * list Z) := map (fun d => (map (scaleZ L) (fst d), [])) D.
Definition exact_data (L : Z) (D : list (list Q * list Q)) : bool := forallb (fun d => forallb (exact L) (fst d)) D.

Lemma scale_act_ok a b h : (0 < a)%Z -> exact_act a b h = true -> forall z, ev (ra ZR (scale_act a b h)) (IZR a * z) = IZR (a * b) * ev (ra QR h) z.
Proof.
  intros Ha H z. apply IZR_lt in Ha. unfold exact_act in H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  apply exact_ok in H2, H3. rewrite mult_IZR in *. destruct h as [ps [s o]]. unfold ev, ra, scale_act. cbn [fst snd] in *.
  induction ps as [|[[t s1] o1] ps IH]; cbn [map plin forallb fst snd scale_piece] in *.
  - cbn [toR ZR QR]. rewrite H2, H3. ring.
  - apply andb_prop in H1. destruct H1 as [P H1]. unfold exact_piece in P. cbn [fst snd] in P. apply andb_prop in P. destruct P as [P P3]. apply andb_prop in P. destruct P as [P1 P2].
    apply exact_ok in P1, P2, P3. rewrite mult_IZR in P3. specialize (IH H1). cbn [toR ZR QR] in *. rewrite P1, P2, P3.
    destruct (Rle_dec (IZR a * z) (IZR a * Q2R t)) as [A|A], (Rle_dec z (Q2R t)) as [B|B]; try (exfalso; nra); [ring|exact IH].
Qed.
Lemma scale_vec s v : forallb (exact s) v = true -> rv ZR (map (scaleZ s) v) = map (Rmult (IZR s)) (rv QR v).
Proof.
  induction v as [|x v IH]; simpl; intros H; auto. apply andb_prop in H. destruct H as [H1 H2]. rewrite IH by auto. f_equal. apply exact_ok; auto.
Qed.

(* the network that the scaling leads to *)
Definition scale_row (bh : bool) (a L : R) (row : list R) : list R :=
  if bh then match row with [] => [] | b0 :: w => a * b0 :: map (Rmult (a / L)) w end else map (Rmult (a / L)) row.
Definition scale_out (bo : bool) (q : R) (out : list R) : list R :=
  if bo then match out with [] => [] | c0 :: v => c0 :: map (Rmult (/ q)) v end else map (Rmult (/ q)) out.
Lemma scale_row_length bh a L row : length (scale_row bh a L row) = length row.
Proof. unfold scale_row. destruct bh, row; simpl; rewrite ?map_length; auto. Qed.
Lemma dot_scale_both k l : forall u v, dot (map (Rmult k) u) (map (Rmult l) v) = k * l * dot u v.
Proof. induction u; intros [|b v]; simpl; try ring. rewrite IHu. ring. Qed.
Lemma scale_row_dot bh a L row x : 0 < L -> dot (scale_row bh a L row) (ext bh (map (Rmult L) x)) = a * dot row (ext bh x).
Proof.
  intros HL. unfold scale_row, ext. destruct bh; [destruct row|]; cbn [dot]; rewrite ?dot_scale_both; field; lra.
Qed.

Section Scale.
Variables (L a b : Z).
Variables (h : act Q) (homog bh bo : bool) (D : list (list Q * list Q)) (G : list (list Z)) (extra : list (list Z)).
Definition check_tree_Q (code : list Z) (units width n : nat) : bool :=
  (0 <? L)%Z && (0 <? a)%Z && (0 <? b)%Z && exact_act a b h && exact_data L D &&
  check_tree Zops shrinkZ homog (scale_act a b h) bh (scale_data L D) G extra code units width n bo.

(* the network in integers: the same predictions *)
Lemma scaled_network n : (0 < L)%Z -> (0 < a)%Z -> (0 < b)%Z -> exact_act a b h = true -> exact_data L D = true ->
  forall (out : list R) (W : list (list R)), exists out' W', length out' = length out /\ length W' = length W /\
    ((forall row, In row W -> length row = n) -> forall row, In row W' -> length row = n) /\
    forall d, In d D -> net (rN ZR [(bo, act_out Zops); (bh, scale_act a b h)]) [[out']; W'] (rv ZR (map (scaleZ L) (fst d))) = net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] (rv QR (fst d)).
Proof.
  intros H C3 C2 C1 C0 out W. assert (Pa := C3). apply IZR_lt in H, C2, C3.
  set (out' := scale_out bo (IZR (a * b)) out). set (W' := map (scale_row bh (IZR a) (IZR L)) W). exists out', W'.
  split; [unfold out', scale_out; destruct bo, out; simpl; rewrite ?map_length; auto|]. split; [unfold W'; apply map_length|]. split.
  { intros LR row Hr. unfold W' in Hr. apply in_map_iff in Hr. destruct Hr as (row' & <- & Hr). rewrite scale_row_length. auto. }
  intros d Hd. unfold exact_data in C0. rewrite forallb_forall in C0. rewrite scale_vec by (apply C0; auto).
  set (u := map (fun row => ev (ra QR h) (dot row (ext bh (rv QR (fst d))))) W).
  assert (HU : map (fun row => ev (ra ZR (scale_act a b h)) (dot row (ext bh (map (Rmult (IZR L)) (rv QR (fst d)))))) W' = map (Rmult (IZR (a * b))) u).
  { unfold u, W'. rewrite !map_map. apply map_ext. intros row. rewrite scale_row_dot by auto. apply scale_act_ok; auto. }
  transitivity (layer (bo, ra QR (act_out Qops)) [out] u); [|reflexivity].
  cbn [net rN map fst snd]. unfold layer. cbn [fst snd map]. rewrite HU. f_equal. clearbody u.
  unfold ev, act_out, ra. cbn [fst snd map plin toR ZR QR Zops Qops one zero].
  assert (IZR (a * b) <> 0) by (rewrite mult_IZR; apply Rgt_not_eq, Rmult_lt_0_compat; auto).
  replace (Q2R 1) with 1 by (unfold Q2R; simpl; lra). replace (Q2R 0) with 0 by (unfold Q2R; simpl; lra).
  unfold out', scale_out, ext. destruct bo; [destruct out|]; cbn [dot]; rewrite ?dot_scale_both; field; auto.
Qed.
(* every network of this width has predictions on which one of the vectors is not positive *)
Theorem check_tree_Q_ok code units width n : check_tree_Q code units width n = true ->
  forall (out : list R) (W : list (list R)),
    length out = ((if bo then 1 else 0) + width)%nat -> length W = width -> (forall row, In row W -> length row = n) ->
    exists g, In g G /\ length g = length D /\ dot (rv ZR g) (map (fun d => hd 0 (net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] (rv QR (fst d)))) D) <= 0.
Proof.
  unfold check_tree_Q. intros H out W LO LW LR.
  repeat (apply andb_prop in H; let H' := fresh "C" in destruct H as [H H']). apply Z.ltb_lt in H, C2, C3.
  destruct (scaled_network n H C3 C2 C1 C0 out W) as (out' & W' & LO' & LW' & LR' & NET).
  destruct (check_tree_ok Zops ZR shrinkZ shrinkZ_ok _ _ _ _ _ _ _ _ _ _ _ C out' W') as (g & F & Hg & Lg & NF & PG); [congruence|congruence|auto|].
  exists g. split; auto. unfold scale_data in Lg. rewrite map_length in Lg. split; auto.
  apply Rle_trans with (2 := PG). right. f_equal. unfold scale_data. rewrite map_map. apply map_ext_in. intros d Hd.
  assert (N1 := NF (map (scaleZ L) (fst d), @nil Z)). cbn [fst] in N1. exact (f_equal (hd 0) (eq_trans (eq_sym (NET d Hd)) N1)).
Qed.
End Scale.

(* points of the same shape as a point of one hidden layer and one output *)
Lemma two_layers_shape (out : list Q) (W : list (list Q)) n th' : same_shape (rp QR [[out]; W]) th' -> (forall row, In row W -> length row = n) ->
  exists out' W', th' = [[out']; W'] /\ length out' = length out /\ length W' = length W /\ forall row, In row W' -> length row = n.
Proof.
  intros HS HW. inversion HS as [|x1 y1 t1 u1 C1 C1']; subst. inversion C1' as [|x2 y2 t2 u2 C2 C2']; subst. inversion C2'; subst.
  inversion C1 as [|o1 out' t3 u3 C3 C3']; subst. inversion C3'; subst. exists out', y2. split; auto. split; [|split].
  - apply F2_length in C3. rewrite <- C3. apply map_length.
  - apply F2_length in C2. rewrite <- C2. apply map_length.
  - assert (G2 : forall (W : list (list Q)) W', Forall2 (Forall2 (fun _ _ : R => True)) (rm QR W) W' -> (forall row, In row W -> length row = n) -> forall row, In row W' -> length row = n).
    { induction W0 as [|q W0 IH]; intros W' F Q row Hr; inversion F as [|q1 q2 l1 l2 F1 F2]; subst; [destruct Hr|]. destruct Hr as [<-|Hr].
      - apply F2_length in F1. rewrite <- F1. unfold InteriorCheck.rv. rewrite map_length. apply Q. left; auto.
      - apply (IH l2); auto. intros; apply Q; right; auto. }
    exact (G2 W y2 C2 HW).
Qed.
