(* face_minimum (sufficiency): one hidden layer, scalar output, any convex loss; points where the risk may have kinks.
   Near a unit's weights phi = sum_i r_i h(<w, x_i>) must keep the sign of the output weight. Two ways to show it:
   a multiplier for each sample between the one-sided slopes of sigma r_i h, together orthogonal to the inputs;
   or the sign on the rays of the hyperplanes of the kinks. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck Homogeneous TreeBound.
Import ListNotations.
Open Scope R_scope.

Definition sides (h : act R) (z sm sp : R) : Prop :=
  exists d, 0 < d /\ forall z', Rabs (z' - z) < d ->
    ev h z' = ev h z + (if Rle_dec z' z then sm * (z' - z) else sp * (z' - z)).

Section Face.
Variables (bh : bool) (h : act R).
Definition phiE (E : list (R * list R)) (row : list R) : R :=
  sum (fun e => fst e * ev h (dot row (ext bh (snd e)))) E.

(* what the certificate says of a sample: (r, x), mu, sides *)
Definition item : Type := ((R * list R) * (R * (R * R)))%type.
Definition good (sg : R) (row : list R) (q : item) : Prop :=
  sides h (dot row (ext bh (snd (fst q)))) (fst (snd (snd q))) (snd (snd (snd q))) /\
  0 <= sg * (fst (fst q) * snd (snd (snd q)) - fst (snd q)) /\
  sg * (fst (fst q) * fst (snd (snd q)) - fst (snd q)) <= 0.

Lemma item_near sg row q : good sg row q -> exists e, 0 < e /\ forall row', close1 e row row' ->
  let z := dot row (ext bh (snd (fst q))) in let z' := dot row' (ext bh (snd (fst q))) in
  sg * (fst (fst q) * ev h z + fst (snd q) * (z' - z)) <= sg * (fst (fst q) * ev h z').
Proof.
  destruct q as [[r x] [mu [sm sp]]]. intros ((d & Hd & HS) & H1 & H2). simpl in *.
  destruct (dot_cont row (ext bh x) d Hd) as (e & He & HC). exists e. split; auto. intros row' C.
  assert (Q := HC row' (ext bh x) C (close1_refl e _ He)). rewrite (HS _ Q).
  set (z := dot row (ext bh x)) in *. set (z' := dot row' (ext bh x)) in *.
  destruct (Rle_dec z' z).
  - assert (0 <= (sg * (r * sm - mu)) * (z' - z)) by nra. nra.
  - assert (0 <= (sg * (r * sp - mu)) * (z' - z)) by nra. nra.
Qed.

Lemma unit_near sg row (L : list item) :
  (forall q, In q L -> good sg row q) -> (forall m, sum (fun q => fst (snd q) * nth m (ext bh (snd (fst q))) 0) L = 0) ->
  exists e, 0 < e /\ forall row', close1 e row row' -> sg * phiE (map fst L) row <= sg * phiE (map fst L) row'.
Proof.
  intros HG HM.
  assert (A : exists e, 0 < e /\ forall row', close1 e row row' -> forall q, In q L ->
    let z := dot row (ext bh (snd (fst q))) in let z' := dot row' (ext bh (snd (fst q))) in
    sg * (fst (fst q) * ev h z + fst (snd q) * (z' - z)) <= sg * (fst (fst q) * ev h z')).
  { clear HM. induction L as [|q L IH].
    - exists 1. split; [lra|]. intros row' _ q [].
    - destruct IH as (e1 & P1 & H1); [intros; apply HG; right; auto|]. destruct (item_near sg row q) as (e2 & P2 & H2); [apply HG; left; auto|].
      exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. intros row' C q' [<-|Hq].
      + apply H2. eapply close1_mono; eauto. apply Rmin_r.
      + apply H1; auto. eapply close1_mono; eauto. apply Rmin_l. }
  destruct A as (e & He & A). exists e. split; auto. intros row' C. specialize (A row' C).
  unfold phiE. rewrite !sum_map, <- !sum_scal.
  apply Rle_trans with (sum (fun q => sg * (fst (fst q) * ev h (dot row (ext bh (snd (fst q)))) +
     fst (snd q) * (dot row' (ext bh (snd (fst q))) - dot row (ext bh (snd (fst q)))))) L); [|apply sum_le; auto].
  right. 
  assert (Z : forall w, sum (fun q => fst (snd q) * dot w (ext bh (snd (fst q)))) L = 0) by (intros; apply kill_comb; auto).
  transitivity (sum (fun q => sg * (fst (fst q) * ev h (dot row (ext bh (snd (fst q)))))) L
    + (sg * sum (fun q => fst (snd q) * dot row' (ext bh (snd (fst q)))) L + (- sg) * sum (fun q => fst (snd q) * dot row (ext bh (snd (fst q)))) L)).
  - rewrite !Z. ring.
  - rewrite <- !sum_scal, <- !sum_plus. apply sum_ext. intros; ring.
Qed.

Definition unit_cond (E : list (R * list R)) (v : R) (row : list R) : Prop :=
  phiE E row = 0 /\ exists e, 0 < e /\ forall v' row', Rabs (v' - v) < e -> close1 e row row' -> 0 <= v' * phiE E row'.

Lemma unit_cond_signs E v row (sgs : list R) : phiE E row = 0 ->
  (forall sg, In sg sgs -> exists e, 0 < e /\ forall row', close1 e row row' -> 0 <= sg * phiE E row') ->
  (0 < v /\ In 1 sgs \/ v < 0 /\ In (-1) sgs \/ In 1 sgs /\ In (-1) sgs) -> unit_cond E v row.
Proof.
  intros Z U HS. split; auto.
  destruct HS as [[P I]|[[P I]|[I I']]].
  - destruct (U 1 I) as (e & He & H). exists (Rmin e v). split; [apply Rmin_pos; auto|]. intros v' row' Cv C.
    assert (L1 := Rmin_l e v). assert (L2 := Rmin_r e v). assert (A : Rabs (v' - v) < v) by lra. apply Rabs_def2 in A.
    assert (0 <= 1 * phiE E row') by (apply H; eapply close1_mono; eauto). nra.
  - destruct (U (-1) I) as (e & He & H). exists (Rmin e (-v)). split; [apply Rmin_pos; lra|]. intros v' row' Cv C.
    assert (L1 := Rmin_l e (-v)). assert (L2 := Rmin_r e (-v)). assert (A : Rabs (v' - v) < - v) by lra. apply Rabs_def2 in A.
    assert (0 <= -1 * phiE E row') by (apply H; eapply close1_mono; eauto). nra.
  - destruct (U 1 I) as (e & He & H). destruct (U (-1) I') as (e' & He' & H'). exists (Rmin e e'). split; [apply Rmin_pos; auto|].
    intros v' row' _ C. assert (0 <= 1 * phiE E row') by (apply H; eapply close1_mono; eauto; apply Rmin_l).
    assert (0 <= -1 * phiE E row') by (apply H'; eapply close1_mono; eauto; apply Rmin_r).
    assert (phiE E row' = 0) by lra. rewrite H2. lra.
Qed.
Lemma unit_cond_ok E v row (sgs : list R) : phiE E row = 0 ->
  (forall sg, In sg sgs -> exists L, map fst L = E /\ (forall q, In q L -> good sg row q) /\ forall m, sum (fun q => fst (snd q) * nth m (ext bh (snd (fst q))) 0) L = 0) ->
  (0 < v /\ In 1 sgs \/ v < 0 /\ In (-1) sgs \/ In 1 sgs /\ In (-1) sgs) -> unit_cond E v row.
Proof.
  intros Z HL. apply unit_cond_signs; auto. intros sg Hs. destruct (HL sg Hs) as (L & <- & G & M). destruct (unit_near sg row L G M) as (e & He & H).
  exists e. split; auto. intros row' C. specialize (H row' C). rewrite Z in H. lra.
Qed.

(* near row, phi is its value plus a function that is linear between the hyperplanes of the kinks *)
Definition turn (s : R * R) (d : R) : R := if Rle_dec d 0 then fst s * d else snd s * d.
Definition bent (L : list ((R * list R) * (R * R))) (delta : list R) : R :=
  sum (fun q => fst (fst q) * turn (snd q) (dot delta (ext bh (snd (fst q))))) L.
Lemma bent_near row (L : list ((R * list R) * (R * R))) :
  (forall q, In q L -> sides h (dot row (ext bh (snd (fst q)))) (fst (snd q)) (snd (snd q))) ->
  exists e, 0 < e /\ forall row', close1 e row row' -> phiE (map fst L) row' = phiE (map fst L) row + bent L (vsub row' row).
Proof.
  induction L as [|q L IH]; intros H.
  - exists 1. split; [lra|]. intros row' _. unfold phiE, bent. simpl. ring.
  - destruct IH as (e1 & P1 & H1); [intros; apply H; right; auto|]. destruct (H q (or_introl eq_refl)) as (d & Hd & HS).
    destruct (dot_cont row (ext bh (snd (fst q))) d Hd) as (e2 & P2 & H2). exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. intros row' C.
    assert (C1 : close1 e1 row row') by (apply (close1_mono (Rmin e1 e2)); [apply Rmin_l|auto]). assert (C2 : close1 e2 row row') by (apply (close1_mono (Rmin e1 e2)); [apply Rmin_r|auto]).
    specialize (H1 row' C1). unfold phiE, bent in *. simpl. rewrite H1. assert (Q := H2 row' (ext bh (snd (fst q))) C2 (close1_refl e2 _ P2)).
    rewrite (HS _ Q). unfold turn, vsub. rewrite dot_vadd, dot_scale. set (z := dot row (ext bh (snd (fst q)))) in *. set (z' := dot row' (ext bh (snd (fst q)))) in *.
    destruct (Rle_dec z' z), (Rle_dec (z' + -1 * z) 0); try (exfalso; lra); ring.
Qed.

Variable bo : bool.
Definition outR : act R := ([], (1, 0)).
Definition NF : list (bool * act R) := [(bo, outR); (bh, h)].

Definition hid (W : list (list R)) (x : list R) := map (fun row => ev h (dot row (ext bh x))) W.
Lemma units_sum E : forall W vs, length vs = length W ->
  sum (fun e => fst e * dot vs (hid W (snd e))) E = sum (fun vr => fst vr * phiE E (snd vr)) (combine vs W).
Proof.
  induction W as [|row W IH]; intros [|v vs] L; simpl in L; try discriminate.
  - simpl. apply sum_0. intros; ring.
  - simpl. rewrite <- IH by lia. unfold phiE. rewrite <- sum_scal, <- sum_plus. apply sum_ext. intros; ring.
Qed.

Definition co (out : list R) := if bo then hd 0 out else 0.
Definition vo (out : list R) := if bo then tl out else out.
Lemma netF out W x : (bo = true -> out <> []) -> net NF [[out]; W] x = [co out + dot (vo out) (hid W x)].
Proof.
  intros H. unfold net, NF, layer. simpl map. unfold ev at 1, outR. simpl. f_equal. unfold co, vo, hid. destruct bo; simpl.
  - destruct out; [exfalso; apply H; auto|]. simpl. ring.
  - ring.
Qed.

Theorem face_minimum (l : convex_loss) c (D : list (list R * list R)) out W :
  0 <= c -> length (vo out) = length W -> (bo = true -> out <> []) -> (forall d, In d D -> length (snd d) = 1%nat) ->
  let res := map (fun d => (hd 0 (slope l [co out + dot (vo out) (hid W (fst d))] (snd d)), fst d)) D in
  (bo = true -> sum (fun e => fst e) res = 0) ->
  (forall vr, In vr (combine (vo out) W) -> unit_cond res (fst vr) (snd vr)) ->
  local_min (risk_of (value l) c NF D) [[out]; W].
Proof.
  intros Hc HL Hne HY res HB HU.
  (* all units at once *)
  assert (UA : exists e, 0 < e /\ forall vs' W', close1 e (vo out) vs' -> close2 e W W' ->
     0 <= sum (fun vr => fst vr * phiE res (snd vr)) (combine vs' W')).
  { revert HU HL. generalize (vo out). clearbody res. clear. induction W as [|row W IH]; intros [|v vs] HU HL; simpl in HL; try discriminate.
    - exists 1. split; [lra|]. intros vs' W' C1 C2. inversion C1; subst. simpl. lra.
    - destruct (IH vs) as (e1 & P1 & H1); [intros; apply HU; right; auto|lia|].
      destruct (HU (v, row)) as (_ & e2 & P2 & H2); [left; auto|]. simpl in H2.
      exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. assert (L1 := Rmin_l e1 e2). assert (L2 := Rmin_r e1 e2).
      intros vs' W' C1 C2. inversion C1; subst. inversion C2; subst. simpl.
      assert (0 <= y * phiE res y0) by (apply H2; [lra|eapply close1_mono; eauto]).
      assert (0 <= sum (fun vr => fst vr * phiE res (snd vr)) (combine l' l'0)) by (apply H1; [eapply close1_mono; eauto|eapply close2_mono; eauto]). lra. }
  destruct UA as (e & He & UA). exists e. split; auto. intros th' C.
  inversion C as [|x1 y1 t1 u1 C1 C1']; subst. inversion C1' as [|x2 y2 t2 u2 C2 C2']; subst. inversion C2'; subst.
  inversion C1 as [|o1 out' t3 u3 C3 C3']; subst. inversion C3'; subst.
  assert (Hne' : bo = true -> out' <> []). { intros B. specialize (Hne B). inversion C3; subst; [contradiction|discriminate]. }
  assert (CV : close1 e (vo out) (vo out')).
  { unfold vo. destruct bo; auto. destruct out; [exfalso; apply Hne; auto|]. inversion C3; subst. simpl. auto. }
  specialize (UA (vo out') y2 CV C2).
  assert (LV : length (vo out') = length y2). { rewrite <- (close1_length _ _ _ CV), HL. eapply F2_length; eauto. }
  assert (PS : forall o w, length (vo o) = length w -> sum (fun d => hd 0 (slope l [co out + dot (vo out) (hid W (fst d))] (snd d)) * (co o + dot (vo o) (hid w (fst d)))) D
     = sum (fun vr => fst vr * phiE res (snd vr)) (combine (vo o) w)).
  { intros o w L. rewrite <- units_sum; auto.
    transitivity (co o * sum (fun e => fst e) res + sum (fun e0 => fst e0 * dot (vo o) (hid w (snd e0))) res).
    - unfold res. rewrite !sum_map. rewrite <- sum_scal, <- sum_plus. apply sum_ext. intros; simpl; ring.
    - unfold co at 1. destruct bo; [rewrite HB; auto; ring|ring]. }
  assert (Z : sum (fun vr => fst vr * phiE res (snd vr)) (combine (vo out) W) = 0).
  { apply sum_0. intros vr Hv. destruct (HU vr Hv) as [Z _]. rewrite Z. ring. }
  unfold risk_of. apply Rmult_le_compat_l; auto. rewrite !total_sum.
  set (g := fun d : list R * list R => hd 0 (slope l [co out + dot (vo out) (hid W (fst d))] (snd d))) in *.
  cut (0 <= sum (fun d => g d * (co out' + dot (vo out') (hid y2 (fst d)))) D + (-1) * sum (fun d => g d * (co out + dot (vo out) (hid W (fst d)))) D).
  - intros P. rewrite <- sum_scal, <- sum_plus in P.
    cut (0 <= sum (fun i => value l (net NF [[out']; y2] (fst i)) (snd i) + (-1) * value l (net NF [[out]; W] (fst i)) (snd i)) D).
    { rewrite sum_plus, sum_scal. lra. }
    apply Rle_trans with (1 := P). apply sum_le. intros d Hd. rewrite !netF by auto. specialize (HY d Hd).
    set (A := co out + dot (vo out) (hid W (fst d))). set (B := co out' + dot (vo out') (hid y2 (fst d))).
    assert (T := tangent l [A] [B] (snd d)). rewrite HY in T. specialize (T eq_refl eq_refl). unfold g. fold A.
    destruct (slope l [A] (snd d)); simpl in *; lra.
  - unfold g. rewrite !PS, Z by auto. lra.
Qed.
End Face.
