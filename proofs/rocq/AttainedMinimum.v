(* The least risk over affine maps is attained once all maps of bounded risk may be replaced by ones with bounded
   predictions that are no worse. No compactness of parameters: points that come near the infimum have predictions near
   some limit, one coordinate after the other, and the limit of affine predictions is affine. *)
Require Import Reals List Lra Lia Arith Classical.
From Symverify Require Import Spec Losses Theorem1 InteriorMinimum LinearAlgebra Theorem1Proof.
Import ListNotations.
Open Scope R_scope.

(* Q e: the points that are e-near; one more coordinate g has a value that they come near to *)
Lemma one_coordinate {V} (Q : R -> V -> Prop) (g : V -> R) B : (forall e, 0 < e -> exists v, Q e v) ->
  (forall e e' v, 0 < e -> e <= e' -> Q e v -> Q e' v) -> (forall e v, 0 < e -> Q e v -> Rabs (g v) <= B) ->
  exists c, forall e, 0 < e -> exists v, Q e v /\ Rabs (g v - c) < e.
Proof.
  intros NE MO BD. set (E := fun x => exists e, 0 < e /\ forall v, Q e v -> x < g v).
  assert (UP : forall x, E x -> x <= B).
  { intros x (e & He & H). destruct (NE e He) as (v & Hv). specialize (H v Hv). specialize (BD e v He Hv). assert (A := Rle_abs (g v)). lra. }
  destruct (completeness E) as (c & C1 & C2).
  - exists B. exact UP.
  - exists (- B - 1). exists 1. split; [lra|]. intros v Hv. specialize (BD 1 v ltac:(lra) Hv). assert (A := Rle_abs (- g v)). rewrite Rabs_Ropp in A. lra.
  - exists c. intros e He. apply NNPP. intros N.
    destruct (classic (exists x, E x /\ c - e < x)) as [(x & (e1 & He1 & Hx) & Lx)|NX].
    + assert (E (c + e / 2)).
      { exists (Rmin e e1). split; [apply Rmin_pos; auto|]. intros v Hv. assert (M1 := Rmin_l e e1). assert (M2 := Rmin_r e e1). assert (M3 := Rmin_pos e e1 He He1).
        assert (Q1 := MO _ _ v M3 M1 Hv). assert (Q2 := Hx v (MO _ _ v M3 M2 Hv)). destruct (Rlt_dec (c + e / 2) (g v)); auto. exfalso. apply N. exists v. split; auto.
        apply Rabs_def1; lra. }
      specialize (C1 _ H). lra.
    + assert (c <= c - e); [|lra]. apply C2. intros x Ex. destruct (Rle_dec x (c - e)); auto. exfalso. apply NX. exists x. split; auto. lra.
Qed.
Lemma all_coordinates {V} B : forall (gs : list (V -> R)) (Q : R -> V -> Prop), (forall e, 0 < e -> exists v, Q e v) ->
  (forall e e' v, 0 < e -> e <= e' -> Q e v -> Q e' v) -> (forall g e v, In g gs -> 0 < e -> Q e v -> Rabs (g v) <= B) ->
  exists u, length u = length gs /\ forall e, 0 < e -> exists v, Q e v /\ close1 e u (map (fun g => g v) gs).
Proof.
  induction gs as [|g gs IH]; intros Q NE MO BD.
  - exists []. split; auto. intros e He. destruct (NE e He) as (v & Hv). exists v. split; auto. constructor.
  - destruct (one_coordinate Q g B NE MO (fun e v => BD g e v (or_introl eq_refl))) as (c & Hc).
    destruct (IH (fun e v => Q e v /\ Rabs (g v - c) < e)) as (u & Lu & Hu).
    + exact Hc.
    + intros e e' v He Le [Hv Hg]. split; [eapply MO; eauto|lra].
    + intros g' e v Hg He [Hv _]. apply (BD g' e v); auto. right; auto.
    + exists (c :: u). split; [simpl; auto|]. intros e He. destruct (Hu e He) as (v & (Hv & Hg) & Cv). exists v. split; auto. constructor; auto.
Qed.
(* the same for the predictions at all samples: f v s *)
Lemma all_samples {V I} B m (f : V -> I -> list R) : forall (D : list I) (Q : R -> V -> Prop), (forall e, 0 < e -> exists v, Q e v) ->
  (forall e e' v, 0 < e -> e <= e' -> Q e v -> Q e' v) ->
  (forall s e v, In s D -> 0 < e -> Q e v -> length (f v s) = m /\ forall k, (k < m)%nat -> Rabs (nth k (f v s) 0) <= B) ->
  exists D' : list (I * list R), map fst D' = D /\ (forall p, In p D' -> length (snd p) = m) /\
    forall e, 0 < e -> exists v, Q e v /\ forall p, In p D' -> close1 e (snd p) (f v (fst p)).
Proof.
  induction D as [|s D IH]; intros Q NE MO BD.
  - exists []. split; auto. split; [intros ? []|]. intros e He. destruct (NE e He) as (v & Hv). exists v. split; auto. intros ? [].
  - destruct (all_coordinates B (map (fun k v => nth k (f v s) 0) (seq 0 m)) Q NE MO) as (u & Lu & Hu).
    { intros g e v Hg He Hv. apply in_map_iff in Hg. destruct Hg as (k & <- & Hk). apply in_seq in Hk. apply (BD s e v); auto; [left; auto|lia]. }
    rewrite map_length, seq_length in Lu.
    assert (EM : forall e v, 0 < e -> Q e v -> map (fun g => g v) (map (fun k v => nth k (f v s) 0) (seq 0 m)) = f v s).
    { intros e v He Hv. destruct (BD s e v (or_introl eq_refl) He Hv) as [L _]. rewrite map_map, <- L. rewrite (map_nth_seq (fun a => a) (f v s)). apply map_id. }
    destruct (IH (fun e v => Q e v /\ close1 e u (f v s))) as (D' & ED & LD & HD).
    + intros e He. destruct (Hu e He) as (v & Hv & Cv). exists v. split; auto. rewrite (EM e v He Hv) in Cv. auto.
    + intros e e' v He Le [Hv Cv]. split; [eapply MO; eauto|eapply close1_mono; eauto].
    + intros s' e v Hs He [Hv _]. apply (BD s' e v); auto. right; auto.
    + exists ((s, u) :: D'). split; [simpl; f_equal; auto|]. split; [intros p [<-|Hp]; auto|]. intros e He. destruct (HD e He) as (v & (Hv & Cv) & Hp).
      exists v. split; auto. intros p [<-|Hin]; auto.
Qed.

Lemma affine_map_length A x : length (affine_map A x) = length A.
Proof. apply map_length. Qed.
Lemma affine_map_nth A x k : (k < length A)%nat -> nth k (affine_map A x) 0 = dot (nth k A []) (1 :: x).
Proof. intros H. unfold affine_map. rewrite (nth_indep _ 0 (dot [] (1 :: x))) by (rewrite map_length; auto). apply (map_nth (fun row => dot row (1 :: x))). Qed.
Lemma close1_nth e : forall u v k, close1 e u v -> (k < length u)%nat -> Rabs (nth k v 0 - nth k u 0) < e.
Proof. induction u; intros v k C Hk; simpl in Hk; [lia|]. inversion C; subst. destruct k; simpl; auto. apply IHu; auto. lia. Qed.
Lemma list_eq : forall u v, length u = length v -> (forall k, (k < length u)%nat -> nth k u 0 = nth k v 0) -> u = v.
Proof. induction u; intros [|b v] L H; try discriminate; auto. f_equal; [apply (H 0%nat); simpl; lia|apply IHu; [simpl in L; lia|intros k Hk; apply (H (S k)); simpl; lia]]. Qed.
Lemma small_zero a C : (forall e, 0 < e -> a <= C * e) -> a <= 0.
Proof.
  intros H. destruct (Rle_dec a 0); auto. exfalso. assert (P := Rabs_pos C). specialize (H (a / (2 * (Rabs C + 1)))).
  assert (X : 0 < a / (2 * (Rabs C + 1))) by (apply Rdiv_lt_0_compat; lra). specialize (H X). assert (Q := Rle_abs C).
  assert (C * (a / (2 * (Rabs C + 1))) <= (Rabs C + 1) * (a / (2 * (Rabs C + 1)))) by (apply Rmult_le_compat_r; lra).
  replace ((Rabs C + 1) * (a / (2 * (Rabs C + 1)))) with (a / 2) in H0 by (field; lra). lra.
Qed.
Lemma sum_abs_le {I} (f : I -> R) e (g : I -> R) S : (forall i, In i S -> Rabs (f i) <= e * g i) -> sum f S <= e * sum g S.
Proof. intros H. rewrite <- sum_scal. apply sum_le. intros i Hi. specialize (H i Hi). assert (A := Rle_abs (f i)). lra. Qed.
Lemma dot_close e : forall v u u', 0 <= e -> close1 e u u' -> Rabs (dot v u' - dot v u) <= e * sum Rabs v.
Proof.
  induction v as [|a v IH]; intros u u' He C; simpl; [rewrite Rminus_0_r, Rabs_R0; lra|]. destruct C as [|b b' u u' Hb C]; simpl.
  - rewrite Rminus_0_r, Rabs_R0. apply Rmult_le_pos; auto. assert (0 <= sum Rabs v) by (apply sum_pos; intros; apply Rabs_pos). assert (P := Rabs_pos a). lra.
  - specialize (IH u u' He C). replace (a * b' + dot v u' - (a * b + dot v u)) with (a * (b' - b) + (dot v u' - dot v u)) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult. assert (P := Rabs_pos a). assert (Rabs a * Rabs (b' - b) <= Rabs a * e) by (apply Rmult_le_compat_l; lra). lra.
Qed.
(* limits of affine predictions are affine *)
Lemma limit_affine d m (D' : list (list R * list R * list R)) : (forall p, In p D' -> length (fst (fst p)) = d /\ length (snd p) = m) ->
  (forall e, 0 < e -> exists A, sized m d A /\ forall p, In p D' -> close1 e (snd p) (affine_map A (fst (fst p)))) ->
  exists A, sized m d A /\ forall p, In p D' -> affine_map A (fst (fst p)) = snd p.
Proof.
  intros HD LIM. set (DD := map (fun p : list R * list R * list R => (fst (fst p), snd p)) D').
  destruct (fits m d DD) as (A & LA & RA & HA).
  { intros s Hs. apply in_map_iff in Hs. destruct Hs as (p & <- & Hp). apply HD; auto. }
  exists A. split; [split; auto|]. intros p0 Hp0. destruct (HD p0 Hp0) as [_ L0]. apply list_eq; [rewrite affine_map_length; congruence|].
  intros k Hk. rewrite affine_map_length, LA in Hk. rewrite affine_map_nth by lia. set (w := fun p : list R * list R * list R => dot (nth k A []) (1 :: fst (fst p)) - nth k (snd p) 0).
  assert (W : forall j, sum (fun p => w p * nth j (1 :: fst (fst p)) 0) D' = 0).
  { intros j. specialize (HA k Hk j). unfold DD in HA. rewrite sum_map in HA. exact HA. }
  assert (WR : forall row, sum (fun p => w p * dot row (1 :: fst (fst p))) D' = 0) by (intros row; apply kill_comb; auto).
  assert (Z : sum (fun p => w p * w p) D' <= 0).
  { apply (small_zero _ (sum (fun p => Rabs (w p)) D')). intros e He. destruct (LIM e He) as (B & [LB RB] & CB).
    assert (EQ : sum (fun p => w p * w p) D' = sum (fun p => w p * (dot (nth k B []) (1 :: fst (fst p)) - nth k (snd p) 0)) D').
    { assert (X1 := WR (nth k A [])). assert (X2 := WR (nth k B [])).
      transitivity (sum (fun p => w p * dot (nth k A []) (1 :: fst (fst p)) + -1 * (w p * nth k (snd p) 0)) D'); [apply sum_ext; intros; unfold w at 2; ring|].
      transitivity (sum (fun p => w p * dot (nth k B []) (1 :: fst (fst p)) + -1 * (w p * nth k (snd p) 0)) D'); [rewrite !sum_plus, X1, X2; reflexivity|apply sum_ext; intros; ring]. }
    rewrite EQ, Rmult_comm. apply (sum_abs_le _ e). intros p Hp. destruct (HD p Hp) as [_ Lp]. assert (C := close1_nth e _ _ k (CB p Hp) ltac:(lia)).
    rewrite affine_map_nth in C by lia. rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos|lra]. }
  assert (Z0 : sum (fun p => w p * w p) D' = 0) by (assert (0 <= sum (fun p => w p * w p) D') by (apply sum_pos; intros; apply Rle_0_sqr); lra).
  assert (W0 := sum_sq_zero w D' Z0 p0 Hp0). unfold w in W0. lra.
Qed.

Theorem attained (L : convex_loss) m d (D : list (list R * list R)) : (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  (exists low, forall A, sized m d A -> low <= affine_total L D A) ->
  (forall B, exists r, forall A, sized m d A -> affine_total L D A <= B -> exists A', sized m d A' /\ affine_total L D A' <= affine_total L D A /\
     forall s k, In s D -> (k < m)%nat -> Rabs (nth k (affine_map A' (fst s)) 0) <= r) ->
  attains_over_affine_maps L m d D.
Proof.
  intros HD (low & LOW) LEV. set (F := affine_total L D). set (E := fun x => forall A, sized m d A -> x <= F A).
  assert (S0 : sized m d (repeat (repeat 0 (S d)) m)).
  { split; [apply repeat_length|]. intros row Hr. apply repeat_spec in Hr. subst. apply repeat_length. }
  destruct (completeness E) as (inf & I1 & I2).
  { exists (F (repeat (repeat 0 (S d)) m)). intros x Hx. apply Hx, S0. }
  { exists low. exact LOW. }
  assert (BELOW : forall A, sized m d A -> inf <= F A) by (intros A SA; apply I2; intros x Hx; apply Hx; auto).
  assert (NEAR : forall e, 0 < e -> exists A, sized m d A /\ F A < inf + e).
  { intros e He. apply NNPP. intros N. assert (E (inf + e)); [|specialize (I1 _ H); lra]. intros A SA. destruct (Rle_dec (inf + e) (F A)); auto.
    exfalso. apply N. exists A. split; auto. lra. }
  destruct (LEV (inf + 1)) as (r & HR).
  set (Q := fun e A => sized m d A /\ F A < inf + e /\ forall s k, In s D -> (k < m)%nat -> Rabs (nth k (affine_map A (fst s)) 0) <= r).
  destruct (all_samples r m (fun A s => affine_map A (fst s)) D Q) as (D' & ED & LD & HL).
  { intros e He. destruct (NEAR (Rmin e 1)) as (A & SA & FA); [apply Rmin_pos; lra|]. assert (M1 := Rmin_l e 1). assert (M2 := Rmin_r e 1).
    destruct (HR A SA) as (A' & SA' & LE & BA); [fold F; lra|]. exists A'. split; auto. split; auto. fold F in LE. lra. }
  { intros e e' A He Le (SA & FA & BA). split; auto. split; auto. lra. }
  { intros s e A Hs He ((LA & RA) & FA & BA). split; [rewrite affine_map_length; auto|]. intros k Hk. apply BA; auto. }
  assert (IN : forall p, In p D' -> In (fst p) D) by (intros p Hp; rewrite <- ED; apply in_map; auto).
  destruct (limit_affine d m D') as (A & SA & HA).
  { intros p Hp. split; [apply HD; auto|auto]. }
  { intros e He. destruct (HL e He) as (A & (SA & _) & CA). exists A. split; auto. }
  exists A. split; auto. intros B SB. apply Rle_trans with inf; [|apply BELOW; auto].
  (* the subgradients at the limit bound the risks of the points near it from below *)
  set (C := sum (fun p => sum Rabs (slope L (snd p) (snd (fst p)))) D' + 1). apply Rminus_le, (small_zero _ C). intros e He.
  destruct (HL e He) as (A' & ([LA' RA'] & FA & _) & CA).
  assert (T : sum (fun p => value L (snd p) (snd (fst p)) - value L (affine_map A' (fst (fst p))) (snd (fst p))) D' <= e * (C - 1)).
  { unfold C. replace (sum (fun p => sum Rabs (slope L (snd p) (snd (fst p)))) D' + 1 - 1) with (sum (fun p => sum Rabs (slope L (snd p) (snd (fst p)))) D') by ring.
    rewrite <- sum_scal. apply sum_le. intros p Hp. destruct (HD (fst p) (IN p Hp)) as [_ Ly].
    assert (T := tangent L (snd p) (affine_map A' (fst (fst p))) (snd (fst p)) ltac:(rewrite LD; auto) ltac:(rewrite affine_map_length; congruence)).
    assert (X := dot_close e (slope L (snd p) (snd (fst p))) _ _ (Rlt_le _ _ He) (CA p Hp)). 
    assert (Y := Rle_abs (- (dot (slope L (snd p) (snd (fst p))) (affine_map A' (fst (fst p))) - dot (slope L (snd p) (snd (fst p))) (snd p)))). rewrite Rabs_Ropp in Y. lra. }
  assert (F1 : affine_total L D A = sum (fun p => value L (snd p) (snd (fst p))) D').
  { unfold affine_total. rewrite <- ED, sum_map. apply sum_ext. intros p Hp. rewrite HA; auto. }
  assert (F2 : F A' = sum (fun p => value L (affine_map A' (fst (fst p))) (snd (fst p))) D') by (unfold F, affine_total; rewrite <- ED, sum_map; reflexivity).
  assert (F3 : sum (fun p => value L (snd p) (snd (fst p)) - value L (affine_map A' (fst (fst p))) (snd (fst p))) D' = affine_total L D A - F A').
  { rewrite F1, F2. transitivity (sum (fun p => value L (snd p) (snd (fst p)) + -1 * value L (affine_map A' (fst (fst p))) (snd (fst p))) D'); [apply sum_ext; intros; ring|].
    rewrite sum_plus, sum_scal. ring. }
  rewrite F3 in T. lra.
Qed.
