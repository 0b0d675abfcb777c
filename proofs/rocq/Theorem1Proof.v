(* The proof of Theorem 1: at a best affine map the construction is a local minimum; a unit with a kink that correlates
   with the slopes of the loss makes it spurious. Then squared loss, and common activations. *)
Require Import Reals List Lra Lia Arith.
From Symverify Require Import Spec Losses Theorem1 InteriorMinimum LinearAlgebra Activation Construction.
Import ListNotations.
Open Scope R_scope.

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

Lemma dot_comm1 : forall u v, dot u v = dot v u.
Proof. induction u; intros [|b v]; simpl; auto. rewrite IHu. ring. Qed.
(* ---- the loss ---- *)
(* a function that is least at 0 and differentiable there has derivative 0; one with another derivative falls *)
Lemma falls f d : (forall e, 0 < e -> exists e', 0 < e' /\ forall t, Rabs t < e' -> Rabs (f t - f 0 - t * d) <= e * Rabs t) -> d <> 0 -> exists t, f t < f 0.
Proof.
  intros H N. assert (P := Rabs_pos_lt d N). destruct (H (Rabs d / 2)) as (e & He & B); [lra|].
  set (t := - (e / 2) * (if Rlt_dec 0 d then 1 else -1)). exists t.
  assert (AT : Rabs t = e / 2) by (unfold t; rewrite Rabs_mult; destruct (Rlt_dec 0 d); [rewrite Rabs_R1|rewrite (Rabs_left (-1)) by lra]; rewrite Rabs_Ropp, Rabs_right; lra).
  assert (TD : t * d = - (e / 2) * Rabs d) by (unfold t; destruct (Rlt_dec 0 d); [rewrite (Rabs_right d) by lra|rewrite (Rabs_left1 d) by lra]; ring).
  specialize (B t ltac:(lra)). rewrite AT in B. assert (Q := Rle_abs (f t - f 0 - t * d)). rewrite TD in Q, B. assert (0 < e / 2 * Rabs d) by (apply Rmult_lt_0_compat; lra). lra.
Qed.
Lemma along_0 : forall u v, length u = length v -> along u v 0 = u.
Proof. induction u as [|a u IH]; intros [|b v] L; try discriminate; simpl; auto. f_equal; [ring|apply IH; simpl in L; lia]. Qed.
(* the sum of a differentiable loss along directions dir *)
Lemma sum_differentiable L m (D : list (list R * list R)) (u dir : list R * list R -> list R) : differentiable L m ->
  (forall s, In s D -> length (u s) = m /\ length (dir s) = m /\ length (snd s) = m) ->
  let f t := sum (fun s => value L (along (u s) (dir s) t) (snd s)) D in
  forall e, 0 < e -> exists e', 0 < e' /\ forall t, Rabs t < e' -> Rabs (f t - f 0 - t * sum (fun s => dot (slope L (u s) (snd s)) (dir s)) D) <= e * Rabs t.
Proof.
  intros DL. induction D as [|s D IH]; intros HD f e He.
  - exists 1. split; [lra|]. intros t _. unfold f. simpl. replace (0 - 0 - t * 0) with 0 by ring. rewrite Rabs_R0. assert (P := Rabs_pos t). nra.
  - destruct (IH (fun s Hs => HD s (or_intror Hs)) (e / 2)) as (e1 & P1 & H1); [lra|]. destruct (HD s (or_introl eq_refl)) as (L1 & L2 & L3).
    destruct (DL (u s) (dir s) (snd s) L1 L2 L3 (e / 2)) as (e2 & P2 & H2); [lra|]. exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. intros t Ht.
    assert (M1 := Rmin_l e1 e2). assert (M2 := Rmin_r e1 e2). specialize (H1 t ltac:(lra)). specialize (H2 t ltac:(lra)). unfold f. cbn [sum].
    rewrite (along_0 (u s)) by congruence.
    match goal with |- Rabs ?X <= _ => replace X with ((value L (along (u s) (dir s) t) (snd s) - value L (u s) (snd s) - t * dot (slope L (u s) (snd s)) (dir s)) +
      (sum (fun s => value L (along (u s) (dir s) t) (snd s)) D - sum (fun s => value L (along (u s) (dir s) 0) (snd s)) D - t * sum (fun s => dot (slope L (u s) (snd s)) (dir s)) D)) by ring end.
    apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.
Lemma urow_dot_l k v m u : (k < m)%nat -> dot u (urow k v m) = v * nth k u 0.
Proof.
  intros. assert (C : forall u v, dot u v = dot v u) by (induction u0; intros [|? ?]; simpl; auto; rewrite IHu0; ring). rewrite C. apply urow_dot.
Qed.
Lemma along_map k0 v m (f g : nat -> R) t : forall n, along (map f (seq n m)) (map (fun k => if Nat.eqb k k0 then v * g k else 0) (seq n m)) t =
  map (fun k => f k + (if Nat.eqb k k0 then t * v else 0) * g k) (seq n m).
Proof. induction m; intros n; simpl; auto. rewrite IHm. f_equal. destruct (n =? k0)%nat; ring. Qed.
(* at a best affine map the slopes are orthogonal to the inputs and to 1 *)
Lemma stationary L d m (D : list (list R * list R)) A : differentiable L m -> (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  sized m d A -> (forall B, sized m d B -> affine_total L D A <= affine_total L D B) ->
  forall k, (k < m)%nat -> forall j, sum (fun s => nth k (slope L (affine_map A (fst s)) (snd s)) 0 * nth j (1 :: fst s) 0) D = 0.
Proof.
  intros DL HD [LA RA] HB k Hk j. destruct (le_lt_dec (S d) j) as [J|J].
  { apply sum_0. intros s Hs. rewrite (nth_overflow (1 :: fst s)); [ring|]. simpl. destruct (HD s Hs) as [-> _]. lia. }
  destruct (Req_EM_T (sum (fun s => nth k (slope L (affine_map A (fst s)) (snd s)) 0 * nth j (1 :: fst s) 0) D) 0) as [|N]; auto. exfalso.
  set (dir := fun s : list R * list R => urow k (nth j (1 :: fst s) 0) m).
  assert (LD : forall s, In s D -> length (affine_map A (fst s)) = m /\ length (dir s) = m /\ length (snd s) = m).
  { intros s Hs. unfold affine_map, dir. rewrite map_length, urow_length by auto. split; [auto|]. split; [auto|]. apply HD; auto. }
  assert (F := sum_differentiable L m D (fun s => affine_map A (fst s)) dir DL LD). cbv zeta in F.
  set (f := fun t => sum (fun s => value L (along (affine_map A (fst s)) (dir s) t) (snd s)) D) in *.
  destruct (falls f (sum (fun s => dot (slope L (affine_map A (fst s)) (snd s)) (dir s)) D) F) as (t & Ht).
  { intros Z. apply N. etransitivity; [|exact Z]. apply sum_ext. intros s Hs. unfold dir. rewrite urow_dot_l by auto. ring. }
  (* the row k with t more at j *)
  set (B := map (fun i => if Nat.eqb i k then vadd (nth i A []) (urow j t (S d)) else nth i A []) (seq 0 m)).
  assert (SB : sized m d B).
  { unfold B. split; [rewrite map_length, seq_length; auto|]. intros row Hr. apply in_map_iff in Hr. destruct Hr as (i & <- & Hi). apply in_seq in Hi.
    assert (LI : length (nth i A []) = S d) by (apply RA, nth_In; lia). destruct (i =? k)%nat; auto. rewrite vadd_length; rewrite ?urow_length; lia. }
  assert (EB : affine_total L D B = f t).
  { unfold affine_total, f. apply sum_ext. intros s Hs. f_equal. unfold affine_map at 1. unfold B. rewrite map_map.
    assert (EA : affine_map A (fst s) = map (fun i => dot (nth i A []) (1 :: fst s)) (seq 0 m)) by (rewrite <- LA; symmetry; apply (map_nth_seq_gen (fun row => dot row (1 :: fst s)))).
    assert (ED : dir s = map (fun i => if Nat.eqb i k then 1 * nth j (1 :: fst s) 0 else 0) (seq 0 m)).
    { unfold dir, urow. clear - Hk. revert k Hk. assert (G : forall n k q, (k < m)%nat -> repeat 0 k ++ q :: repeat 0 (m - k - 1) = map (fun i => if Nat.eqb i (n + k) then 1 * q else 0) (seq n m)).
      { induction m as [|m IH]; intros n k q Hk; [lia|]. destruct k as [|k]; simpl.
        - rewrite Nat.add_0_r, Nat.eqb_refl, Nat.sub_0_r. f_equal; [ring|]. clear. assert (X : forall mm a, (n < a)%nat -> repeat 0 mm = map (fun i => if Nat.eqb i n then 1 * q else 0) (seq a mm)).
          { induction mm as [|mm IHmm]; intros a Ha; simpl; auto. rewrite <- IHmm by lia. destruct (Nat.eqb_spec a n); [lia|auto]. } apply X. lia.
        - destruct (Nat.eqb_spec n (n + S k)); [lia|]. f_equal. rewrite (IH (S n) k q) by lia. replace (S n + k)%nat with (n + S k)%nat by lia. reflexivity. }
      intros k Hk. apply (G 0%nat); auto. }
    rewrite EA, ED. rewrite (along_map k 1 m (fun i => dot (nth i A []) (1 :: fst s)) (fun _ => nth j (1 :: fst s) 0) t 0). apply map_ext. intros i.
    destruct (i =? k)%nat; [rewrite dot_vadd, urow_dot; ring|ring]. }
  assert (E0 : affine_total L D A = f 0).
  { unfold affine_total, f. apply sum_ext. intros s Hs. rewrite along_0; auto. destruct (LD s Hs) as (-> & -> & _). auto. }
  specialize (HB B SB). rewrite EB, E0 in HB. lra.
Qed.

Theorem theorem1_general : theorem1_general_statement.
Proof.
  intros L c d m h H HL D Hc (Ch & NAh & Hm & HO) (HD & ND) DL AT NS. set (NN := network HL h).
  destruct (kink_exists h Ch NAh) as (t & sm & om & sp & op & d0 & KK).
  destruct AT as (A & [LA RA] & BA). set (q := fun s : list R * list R => slope L (affine_map A (fst s)) (snd s)).
  set (e := fun k (s : list R * list R) => nth k (q s) 0).
  assert (NX := stationary L d m D A DL HD (conj LA RA) BA).
  assert (LM : forall s, In s D -> length (affine_map A (fst s)) = m) by (intros; unfold affine_map; rewrite map_length; auto).
  (* an output with a non-zero slope, and a unit that correlates with it *)
  assert (K0 : exists k0, (k0 < m)%nat /\ exists s, In s D /\ e k0 s <> 0).
  { destruct (NS A (conj LA RA)) as (s & k & Hs & Hk & N). exists k. split; auto. exists s. auto. }
  destruct K0 as (k0 & Hk0 & Ek0).
  destruct (kink_correlates h t sm om sp op d0 d D (e k0) KK (fun s Hs => proj1 (HD s Hs)) ND Ek0) as (b & w & Lw & HF).
  destruct (construction d m h H HL D A k0 b w (kink_okpiece _ _ _ _ _ _ _ KK) Hm HO LA RA Hk0 Lw) as (P & path & better & S1 & S2 & NET & BET & INJ & CONT & FAR).
  assert (RISK : forall x, total (value L) NN D (path x) = affine_total L D A).
  { intros x. rewrite total_sum. apply sum_ext. intros s Hs. unfold NN. rewrite (proj1 (NET x s Hs)). reflexivity. }
  exists path. split; [|auto]. intros x. split; [rewrite <- app_assoc; apply S1|].
  split; [split|split; [unfold risk_of; rewrite !RISK; reflexivity|exists A; split; [split; auto|split; [intros s Hs; apply (NET x s Hs)|exact BA]]]].
  - (* a local minimum *)
    replace D with (map fst (map (fun s : list R * list R => (s, P)) D)) by (rewrite map_map; apply map_id).
    apply (interior_minimum L) with m; [lra| |].
    + intros qq Hq. apply in_map_iff in Hq. destruct Hq as (s' & <- & Hin). cbn [fst snd]. destruct (NET x s' Hin) as [E I]. split; [exact I|].
      split; [apply HD; auto|]. unfold NN. rewrite E. auto.
    + intros k Hk. rewrite map_map. unfold residual. cbn [fst snd].
      assert (W0 : forall s', In s' D -> nth k (slope L (net NN (path x) (fst s')) (snd s')) 0 = e k s').
      { intros s' Hin. unfold NN. rewrite (proj1 (NET x s' Hin)). reflexivity. }
      apply (kill_uniform _ P).
      * intros qq Hq. apply in_map_iff in Hq. destruct Hq as (s' & <- & Hin). reflexivity.
      * rewrite sum_map. etransitivity; [|apply (NX k Hk 0%nat)]. apply sum_ext. intros s' Hin. unfold swt. cbn [fst snd nth]. rewrite W0 by auto. unfold e, q. ring.
      * intros j. rewrite sum_map. etransitivity; [|apply (NX k Hk (S j))]. apply sum_ext. intros s' Hin. unfold swt, sx. cbn [fst snd nth]. rewrite W0 by auto. unfold e, q. ring.
  - (* a better point: output k0 takes some of the unit that correlates with its slopes *)
    set (hs := fun s : list R * list R => ev h (dot (b :: w) (1 :: fst s))) in *.
    set (dir := fun s : list R * list R => map (fun k => if Nat.eqb k k0 then 1 * hs s else 0) (seq 0 m)).
    assert (EA : forall s : list R * list R, affine_map A (fst s) = map (fun i => dot (nth i A []) (1 :: fst s)) (seq 0 m)) by (intros s; rewrite <- LA; symmetry; apply (map_nth_seq_gen (fun row => dot row (1 :: fst s)))).
    assert (LD : forall s, In s D -> length (affine_map A (fst s)) = m /\ length (dir s) = m /\ length (snd s) = m).
    { intros s Hs. split; [auto|]. split; [unfold dir; rewrite map_length, seq_length; auto|]. apply HD; auto. }
    assert (F := sum_differentiable L m D (fun s => affine_map A (fst s)) dir DL LD). cbv zeta in F.
    set (f := fun v => sum (fun s => value L (along (affine_map A (fst s)) (dir s) v) (snd s)) D) in *.
    destruct (falls f (sum (fun s => dot (slope L (affine_map A (fst s)) (snd s)) (dir s)) D) F) as (v & Hv).
    { intros Z. apply HF. etransitivity; [|exact Z]. apply sum_ext. intros s Hs. fold (q s). unfold dir, e. rewrite (dot_comm1 (q s)).

      clear - Hk0. assert (G : forall mm n u, (n <= k0)%nat -> (k0 < n + mm)%nat -> dot (map (fun k => if Nat.eqb k k0 then 1 * hs s else 0) (seq n mm)) u = nth (k0 - n) u 0 * hs s).
      { induction mm; intros n u Hn Hm; [lia|]. destruct u as [|a u]; [simpl; destruct (k0 - n)%nat; ring|]. simpl. destruct (Nat.eqb_spec n k0) as [->|Ne].
        - rewrite Nat.sub_diag. simpl. assert (Z : forall mm a u, (k0 < a)%nat -> dot (map (fun k => if Nat.eqb k k0 then 1 * hs s else 0) (seq a mm)) u = 0).
          { induction mm0; intros a0 u0 Ha; simpl; auto. destruct u0; auto. rewrite IHmm0 by lia. destruct (Nat.eqb_spec a0 k0); [lia|ring]. }
          rewrite Z by lia. ring.
        - rewrite IHmm by lia. replace (k0 - n)%nat with (S (k0 - S n)) by lia. simpl. ring. }
      rewrite (G m 0%nat) by lia. rewrite Nat.sub_0_r. reflexivity. }
    exists (better v). split; [eapply shaped_same; [apply S1|apply S2]|]. unfold risk_of. apply Rmult_lt_compat_l; auto. rewrite RISK.
    assert (EF : total (value L) NN D (better v) = f v).
    { rewrite total_sum. apply sum_ext. intros s Hs. unfold NN. rewrite (BET v s Hs), EA. unfold dir. rewrite along_map. f_equal. apply map_ext. intros k. fold (hs s). destruct (k =? k0)%nat; ring. }
    assert (E0 : affine_total L D A = f 0).
    { unfold affine_total, f. apply sum_ext. intros s Hs. rewrite along_0; auto. destruct (LD s Hs) as (-> & -> & _). auto. }
    rewrite EF, E0. exact Hv.
Qed.

Corollary theorem1 : theorem1_statement.
Proof.
  intros L c d m h H HL D Hc HW HD DL ST AT NA. apply (theorem1_general L c d m h H HL D); auto.
  intros A SA. assert (LA := proj1 SA). destruct (NA A SA) as (s & Hin & Ne). destruct (proj1 HD s Hin) as [_ Ly].
  set (q := slope L (affine_map A (fst s)) (snd s)).
  assert (F : forall n, (forall k, (k < n)%nat -> nth k q 0 = 0) \/ exists k, (k < n)%nat /\ nth k q 0 <> 0).
  { clear. induction n as [|n [Z|(k & Hk & N)]]; [left; intros; lia| |right; exists k; split; [lia|auto]].
    destruct (Req_EM_T (nth n q 0) 0); [left; intros k Hk; destruct (Nat.eq_dec k n) as [->|]; [auto|apply Z; lia]|right; exists n; split; [lia|auto]]. }
  destruct (F m) as [Z|(k & Hk & N)]; [|exists s, k; auto]. exfalso. apply Ne, (ST _ (snd s)); auto. unfold affine_map. rewrite map_length. auto.
Qed.

(* ---- squared loss ---- *)
Lemma dot_self v : 0 <= dot v v.
Proof. induction v as [|x v]; simpl; [lra|]. assert (0 <= x * x) by apply Rle_0_sqr. lra. Qed.
Lemma squared_differentiable m : differentiable squared m.
Proof.
  intros u v y L1 L2 L3 e He. exists (e / (dot v v + 1)). assert (P := dot_self v). split; [apply Rdiv_lt_0_compat; lra|]. intros t Ht.
  assert (E : value squared (along u v t) y = value squared u y + t * dot (slope squared u y) v + t * t * dot v v).
  { cbn [value slope squared]. revert m u v y L1 L2 L3 P Ht. intros m u v y L1 L2 L3 _ _. revert u v y L1 L2 L3. induction m as [|m IH]; intros [|a u] [|b v] [|q y] L1 L2 L3; try discriminate; simpl; [ring|].
    rewrite IH by (simpl in *; lia). ring. }
  rewrite E. replace (value squared u y + t * dot (slope squared u y) v + t * t * dot v v - value squared u y - t * dot (slope squared u y) v) with (t * t * dot v v) by ring.
  rewrite (Rabs_right (t * t * dot v v)) by (apply Rle_ge, Rmult_le_pos; [apply Rle_0_sqr|auto]). assert (A := Rabs_pos t).
  assert (TT : t * t = Rabs t * Rabs t) by (rewrite <- Rabs_mult; rewrite Rabs_right; [auto|apply Rle_ge, Rle_0_sqr]). rewrite TT.
  apply Rle_trans with (Rabs t * (Rabs t * (dot v v + 1))); [nra|]. rewrite (Rmult_comm e). apply Rmult_le_compat_l; auto.
  apply Rle_trans with (e / (dot v v + 1) * (dot v v + 1)); [apply Rmult_le_compat_r; lra|right; field; lra].
Qed.
Lemma by_slope (df : R -> R -> R) m : (forall a y, df a y = 0 -> a = y) -> forall u y, length u = m -> length y = m ->
  (forall k, (k < m)%nat -> nth k (map2 df u y) 0 = 0) -> u = y.
Proof.
  intros H. induction m as [|m IH]; intros [|a u] [|b y] L1 L2 Z; try discriminate; auto. f_equal.
  - apply H. apply (Z 0%nat). lia.
  - apply IH; [simpl in L1; lia|simpl in L2; lia|]. intros k Hk. apply (Z (S k)). lia.
Qed.
Lemma squared_stationary m : stationary_only_at_target squared m.
Proof. intros u y. apply (by_slope (fun a y => 2 * (a - y))). intros a b E. lra. Qed.
Lemma squared_attains m d (D : list (list R * list R)) : (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> attains_over_affine_maps squared m d D.
Proof.
  intros HD. destruct (fits m d D HD) as (A & LA & RA & HA). exists A. split; [split; auto|]. intros B [LB RB]. unfold affine_total.
  set (q := fun s : list R * list R => slope squared (affine_map A (fst s)) (snd s)).
  assert (Z : forall M, length M = m -> sum (fun s => dot (q s) (affine_map M (fst s))) D = 0).
  { intros M LM. transitivity (sum (fun s => sumn m (fun k => nth k (q s) 0 * nth k (affine_map M (fst s)) 0)) D).
    { apply sum_ext. intros s _. apply dot_sumn. unfold affine_map. rewrite map_length. auto. }
    rewrite sum_sumn. apply sumn_zero. intros k Hk.
    transitivity (sum (fun s => nth k (q s) 0 * dot (nth k M []) (1 :: fst s)) D).
    { apply sum_ext. intros s _. f_equal. unfold affine_map. rewrite (nth_indep _ 0 (dot [] (1 :: fst s))) by (rewrite map_length; lia).
      apply (map_nth (fun row => dot row (1 :: fst s))). }
    apply kill_comb. intros j. transitivity (2 * sum (fun s => (dot (nth k A []) (1 :: fst s) - nth k (snd s) 0) * nth j (1 :: fst s) 0) D); [|rewrite HA by auto; ring].
    rewrite <- sum_scal. apply sum_ext. intros s Hs. unfold q. cbn [slope squared]. destruct (HD s Hs) as [_ Ly].
    rewrite nth_map2 by (unfold affine_map; rewrite ?map_length; lia). unfold affine_map. rewrite (nth_indep _ 0 (dot [] (1 :: fst s))) by (rewrite map_length; lia).
    rewrite (map_nth (fun row => dot row (1 :: fst s))). ring. }
  assert (P : sum (fun s => dot (q s) (affine_map B (fst s)) + -1 * dot (q s) (affine_map A (fst s))) D <=
              sum (fun s => value squared (affine_map B (fst s)) (snd s) + -1 * value squared (affine_map A (fst s)) (snd s)) D).
  { apply sum_le. intros s Hs. destruct (HD s Hs) as [_ L2]. assert (T := tangent squared (affine_map A (fst s)) (affine_map B (fst s)) (snd s)). fold (q s) in T.
    assert (L3 : length (affine_map A (fst s)) = length (snd s)) by (unfold affine_map; rewrite map_length; congruence).
    assert (L4 : length (affine_map B (fst s)) = length (snd s)) by (unfold affine_map; rewrite map_length; congruence). specialize (T L3 L4). lra. }
  rewrite !sum_plus, !sum_scal, !Z in P by auto. lra.
Qed.
Corollary theorem1_squared : theorem1_squared_statement.
Proof.
  intros c d m h H HL D Hc HW HD NF. apply (theorem1 squared c d m h H HL D); auto.
  - apply squared_differentiable.
  - apply squared_stationary.
  - apply squared_attains, HD.
Qed.

(* ---- common activations ---- *)
Lemma common_ok h : common h -> continuous_act h /\ ~ affine_act h.
Proof.
  assert (KINK : forall s, s <> 1 -> ~ affine_act ([(0, s, 0)], (1, 0))).
  { intros s Hs (k & o & A). assert (A1 := A (-1)). assert (A2 := A 0). assert (A3 := A 1). unfold ev in *. cbn [fst snd plin] in *.
    destruct (Rle_dec (-1) 0); [|lra]. destruct (Rle_dec 0 0); [|lra]. destruct (Rle_dec 1 0); [lra|]. apply Hs. lra. }
  assert (CONT : forall s, continuous_act ([(0, s, 0)], (1, 0))) by (intros s; split; [simpl; lra|exact I]).
  intros [H|[[s [Hs H]]|[H|H]]]; subst h.
  - split; [apply CONT|apply KINK; lra].
  - split; [apply CONT|apply KINK; auto].
  - split; [apply CONT|apply KINK; lra].
  - split; [split; [split; lra|split; [simpl; lra|exact I]]|]. intros (k & o & A). assert (A1 := A (-2)). assert (A2 := A (-1)). assert (A3 := A 1). unfold ev, hard_tanh in *. cbn [fst snd plin] in *.
    destruct (Rle_dec (-2) (-1)); [|lra]. destruct (Rle_dec (-1) (-1)); [|lra]. destruct (Rle_dec 1 (-1)); [lra|]. destruct (Rle_dec 1 1); lra.
Qed.
Corollary theorem1_common : theorem1_common_statement.
Proof.
  intros c d m hidden D Hc HN HW HD NA. destruct (exists_last HN) as (HL & [h H] & ->).
  assert (EN : network_of (HL ++ [(h, H)]) = network HL h) by (unfold network_of, network, lay; rewrite map_app; reflexivity).
  assert (OK : forall hw, In hw (HL ++ [(h, H)]) -> continuous_act (fst hw) /\ ~ affine_act (fst hw) /\ (m < snd hw)%nat).
  { intros hw Hin. destruct (HW hw Hin) as [C L]. destruct (common_ok _ C). auto. }
  destruct (OK (h, H)) as (Ch & Nh & Lh); [apply in_or_app; right; left; auto|]. cbn [fst snd] in *.
  rewrite EN, map_app.
  apply theorem1_squared; auto. split; [auto|split; [auto|split; [auto|]]].
  intros hw Hin. destruct (OK hw) as (C & N & L); [apply in_or_app; auto|]. split; [auto|split; [|auto]]. intros (o & A). apply N. exists 0, o. intros z. rewrite A. ring.
Qed.
Lemma common_everywhere h : common h -> theorem1_for h.
Proof.
  intros C c d m widths D Hc HN HW HD NA.
  assert (E : map snd (map (pair h) widths) = widths) by (rewrite map_map; apply map_id).
  unfold theorem1_for. rewrite <- E at 2. apply theorem1_common; auto.
  - destruct widths; [congruence|discriminate].
  - intros hw Hin. apply in_map_iff in Hin. destruct Hin as (w & <- & Hw). auto.
Qed.
Corollary theorem1_relu : theorem1_for relu.
Proof. apply common_everywhere. left. auto. Qed.
Corollary theorem1_leaky_relu : forall slope, slope <> 1 -> theorem1_for (leaky_relu slope).
Proof. intros. apply common_everywhere. right. left. eauto. Qed.
Corollary theorem1_absolute : theorem1_for absolute.
Proof. apply common_everywhere. right. right. left. auto. Qed.
Corollary theorem1_hard_tanh : theorem1_for hard_tanh.
Proof. apply common_everywhere. right. right. right. auto. Qed.
