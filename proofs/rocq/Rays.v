(* The rays of a central arrangement of hyperplanes, and conformal decompositions: every vector is a non-negative
   combination of rays that lie on no other side of any hyperplane than the vector itself. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck.
Import ListNotations.
Open Scope R_scope.

(* the linear form of a combination of the vectors B *)
Fixpoint dsum (ls : list R) (B : list (list R)) (X : list R) : R :=
  match ls, B with l :: ls', b :: B' => l * dot b X + dsum ls' B' X | _, _ => 0 end.
Definition zeros (ls : list R) : Prop := Forall (fun l => l = 0) ls.
Definition indep (B : list (list R)) : Prop :=
  forall ls, length ls = length B -> (forall X, dsum ls B X = 0) -> zeros ls.
(* no non-zero combination of B is on all planes *)
Definition full_rank (A B : list (list R)) : Prop :=
  forall ls, length ls = length B -> (forall P, In P A -> dsum ls B P = 0) -> forall X, dsum ls B X = 0.
(* g is on no other side of a plane than f *)
Definition conformal (A : list (list R)) (f g : list R -> R) : Prop :=
  forall P, In P A -> 0 <= f P * g P /\ (f P = 0 -> g P = 0).
Definition nonzero (f : list R -> R) : Prop := exists X, f X <> 0.
(* the planes that g is on cut out the line of g *)
Definition extreme (A B : list (list R)) (g : list R -> R) : Prop :=
  forall ms, length ms = length B -> (forall P, In P A -> g P = 0 -> dsum ms B P = 0) -> exists k, forall X, dsum ms B X = k * g X.

Lemma conformal_trans A f g k : conformal A f g -> conformal A g k -> conformal A f k.
Proof.
  intros H1 H2 P HP. destruct (H1 P HP) as [A1 B1], (H2 P HP) as [A2 B2]. split; [|auto].
  destruct (Req_EM_T (g P) 0) as [Z|Z]; [rewrite (B2 Z); lra|].
  assert (0 < g P * g P) by nra. assert (0 <= (f P * g P) * (g P * k P)) by (apply Rmult_le_pos; auto). nra.
Qed.
Lemma dsum_zeros : forall ls B X, zeros ls -> dsum ls B X = 0.
Proof. induction ls; intros [|b B] X Z; simpl; auto. inversion Z; subst. rewrite IHls; auto. ring. Qed.
Lemma zeros_dec ls : zeros ls \/ ~ zeros ls.
Proof.
  induction ls as [|l ls [Z|N]]; [left; constructor| |].
  - destruct (Req_EM_T l 0); [left; constructor; auto|right; intros Q; inversion Q; auto].
  - right. intros Q. inversion Q. auto.
Qed.
Lemma dsum_add k : forall ls us B X, length ls = length B -> length us = length B ->
  dsum (vadd ls (map (Rmult k) us)) B X = dsum ls B X + k * dsum us B X.
Proof.
  induction ls as [|l ls IH]; intros us B X L M; destruct B, us; simpl in *; try discriminate; [ring|].
  rewrite IH by lia. ring.
Qed.
Lemma zeros_repeat n : zeros (repeat 0 n).
Proof. induction n; simpl; constructor; auto. Qed.

Section Rays.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Notation rm := (rm KR).
(* a positive multiple of a vector, with small numbers *)
Variable shrink : list t -> list t.
Hypothesis shrink_ok : forall v, exists k, 0 < k /\ forall X, dot (rv (shrink v)) X = k * dot (rv v) X.

Definition is0 (a : t) : bool := leb K a z0 && leb K z0 a.
Lemma is0_ok a : is0 a = true <-> r a = 0.
Proof. unfold is0. rewrite andb_true_iff, !(leb_ok KR), toR_zero. lra. Qed.
Lemma is0_not a : is0 a = false -> r a <> 0.
Proof. intros H E. apply is0_ok in E. congruence. Qed.

(* k a + l b *)
Fixpoint comb (k l : t) (a b : list t) : list t :=
  match a, b with
  | [], _ => map (mul K l) b
  | _, [] => map (mul K k) a
  | x :: a', y :: b' => k *! x +! l *! y :: comb k l a' b'
  end.
Lemma rv_scale k v : rv (map (mul K k) v) = map (Rmult (r k)) (rv v).
Proof. unfold InteriorCheck.rv. rewrite !map_map. apply map_ext. intros; apply toR_mul. Qed.
Lemma comb_ok k l : forall a b X, dot (rv (comb k l a b)) X = r k * dot (rv a) X + r l * dot (rv b) X.
Proof.
  induction a as [|x a IH]; intros b X.
  - simpl comb. rewrite rv_scale, dot_scale. simpl. ring.
  - destruct b as [|y b].
    + change (comb k l (x :: a) []) with (map (mul K k) (x :: a)). rewrite rv_scale, dot_scale. simpl. ring.
    + destruct X as [|q X]; simpl; [ring|]. rewrite toR_add, !toR_mul, IH. ring.
Qed.

(* ---- a basis of the vectors of span B on the plane P ---- *)
Definition elim (P b : list t) (v : t) (c : list t) : list t := shrink (comb v (z0 -! dotT K c P) c b).
Fixpoint cut (P : list t) (B : list (list t)) : list (list t) :=
  match B with
  | [] => []
  | b :: B' => let v := dotT K b P in if is0 v then b :: cut P B' else map (elim P b v) B'
  end.
Definition vanish (P : list t) (B : list (list t)) : bool := forallb (fun b => is0 (dotT K b P)) B.

Lemma elim_ok P b v c : exists k, 0 < k /\ forall X, dot (rv (elim P b v c)) X = k * (r v * dot (rv c) X - dot (rv c) (rv P) * dot (rv b) X).
Proof.
  destruct (shrink_ok (comb v (z0 -! dotT K c P) c b)) as (k & Hk & H). exists k. split; auto. intros X.
  unfold elim. rewrite H, comb_ok, toR_sub, toR_zero, dotT_ok. ring.
Qed.
Lemma elim_dsum P b v : r v <> 0 -> forall B ls, length ls = length B -> exists q ls', length ls' = length B /\
  (forall X, dsum ls (rm (map (elim P b v) B)) X = q * dot (rv b) X + dsum ls' (rm B) X) /\ (zeros ls' -> zeros ls).
Proof.
  intros V. induction B as [|c B IH]; intros [|l ls] L; try discriminate.
  - exists 0, []. simpl. repeat split; auto. intros; ring.
  - destruct (IH ls) as (q & ls' & L' & E & Z); [simpl in L; lia|]. destruct (elim_ok P b v c) as (k & Hk & HE).
    exists (q - l * k * dot (rv c) (rv P)), (l * k * r v :: ls'). simpl. split; [lia|]. split.
    + intros X. rewrite HE. fold (rm (map (elim P b v) B)). fold (rm B). rewrite E. ring.
    + intros Q. inversion Q; subst. constructor; [|apply Z; auto].
      apply Rmult_integral in H1. destruct H1 as [H1|H1]; [|contradiction]. apply Rmult_integral in H1. lra.
Qed.
Lemma elim_inv P b v : r v <> 0 -> forall B ls, length ls = length B -> exists ls', length ls' = length B /\
  forall X, dsum ls' (rm (map (elim P b v) B)) X = dsum ls (rm B) X - dsum ls (rm B) (rv P) / r v * dot (rv b) X.
Proof.
  intros V. induction B as [|c B IH]; intros [|l ls] L; try discriminate.
  - exists []. simpl. split; auto. intros. field. auto.
  - destruct (IH ls) as (ls' & L' & E); [simpl in L; lia|]. destruct (elim_ok P b v c) as (k & Hk & HE).
    exists (l / (k * r v) :: ls'). simpl. split; [lia|]. intros X. rewrite HE. fold (rm (map (elim P b v) B)). fold (rm B). rewrite E. field. lra.
Qed.
Lemma cut_length P : forall B, vanish P B = false -> S (length (cut P B)) = length B.
Proof.
  induction B as [|b B IH]; simpl; [discriminate|]. destruct (is0 _); simpl; intros H; [rewrite IH; auto|rewrite map_length; auto].
Qed.
(* what is in the span and on the plane is in the span of the cut *)
Lemma cut_into P : forall B ls, vanish P B = false -> length ls = length B -> dsum ls (rm B) (rv P) = 0 ->
  exists ls', length ls' = length (cut P B) /\ forall X, dsum ls' (rm (cut P B)) X = dsum ls (rm B) X.
Proof.
  induction B as [|b B IH]; intros [|l ls] V L Z; simpl in V, L; try discriminate. simpl in Z. fold (rm B) in Z. rewrite <- dotT_ok in Z. cbn [cut].
  destruct (is0 (dotT K b P)) eqn:E.
  - apply is0_ok in E. rewrite E in Z. destruct (IH ls V) as (ls' & L' & H'); [lia|lra|]. exists (l :: ls'). simpl. split; [lia|].
    intros X. fold (rm (cut P B)). rewrite H'. reflexivity.
  - apply is0_not in E. destruct (elim_inv P b _ E B ls) as (ls' & L' & H'); [lia|]. exists ls'. rewrite map_length. split; auto.
    intros X. rewrite H'. simpl. fold (rm B). replace (dsum ls (rm B) (rv P)) with (- (l * r (dotT K b P))) by lra. field. auto.
Qed.
(* and the other way round *)
Lemma cut_from P : forall B ls', vanish P B = false -> length ls' = length (cut P B) ->
  exists ls, length ls = length B /\ (forall X, dsum ls (rm B) X = dsum ls' (rm (cut P B)) X) /\ (zeros ls -> zeros ls') /\ dsum ls (rm B) (rv P) = 0.
Proof.
  induction B as [|b B IH]; intros ls' V L; simpl in V; try discriminate. cbn [cut] in *. destruct (is0 (dotT K b P)) eqn:E.
  - destruct ls' as [|l ls']; [discriminate|]. destruct (IH ls' V) as (ls & L' & H1 & H2 & H3); [simpl in L; lia|].
    exists (l :: ls). simpl. fold (rm B). fold (rm (cut P B)). split; [lia|]. split; [intros X; rewrite H1; auto|]. split.
    + intros Z. inversion Z; subst. constructor; auto. apply H2; auto.
    + rewrite H3. apply is0_ok in E. rewrite dotT_ok in E. rewrite E. ring.
  - apply is0_not in E. rewrite map_length in L. destruct (elim_dsum P b _ E B ls' L) as (q & ls & L' & H1 & H2).
    exists (q :: ls). simpl. fold (rm B). split; [lia|]. split; [intros X; rewrite H1; auto|]. split.
    + intros Z. inversion Z; subst. auto.
    + rewrite <- H1. clear - E shrink_ok. revert ls'. induction B as [|c B IH]; intros [|l ls']; simpl; auto.
      destruct (elim_ok P b (dotT K b P) c) as (k & _ & HE). rewrite HE. fold (rm (map (elim P b (dotT K b P)) B)). rewrite IH, dotT_ok. ring.
Qed.
Lemma cut_indep P B : vanish P B = false -> indep (rm B) -> indep (rm (cut P B)).
Proof.
  intros V I ls L Z. unfold InteriorCheck.rm in L. rewrite map_length in L. destruct (cut_from P B ls V L) as (ls' & L' & H1 & H2 & _).
  apply H2, I; [unfold InteriorCheck.rm; rewrite map_length; auto|]. intros X. rewrite H1. auto.
Qed.
Lemma vanish_ok P : forall B ls, vanish P B = true -> dsum ls (rm B) (rv P) = 0.
Proof.
  induction B as [|b B IH]; intros [|l ls] V; simpl in *; auto. apply andb_prop in V. destruct V as [V1 V2]. apply is0_ok in V1. rewrite dotT_ok in V1.
  fold (rm B). rewrite V1, IH; auto. ring.
Qed.

(* ---- every non-zero vector of the span has an extreme one on its side of all planes ---- *)
Lemma min_ratio (f u : list R -> R) : forall A, (exists P, In P A /\ u P <> 0) ->
  exists P, In P A /\ u P <> 0 /\ forall Q, In Q A -> u Q <> 0 -> Rabs (f P / u P) <= Rabs (f Q / u Q).
Proof.
  induction A as [|P A IH]; intros (P0 & H0 & N0); [destruct H0|].
  assert (D : (exists Q, In Q A /\ u Q <> 0) \/ forall Q, In Q A -> u Q = 0).
  { clear. induction A as [|Q A [(Q' & I & N)|Z]].
    - right. intros ? [].
    - left. exists Q'. split; [right|]; auto.
    - destruct (Req_EM_T (u Q) 0); [right; intros Q' [<-|I]; auto|left; exists Q; split; [left|]; auto]. }
  destruct D as [D|D].
  - destruct (IH D) as (P1 & I1 & N1 & M1). destruct (Req_EM_T (u P) 0) as [Z|Z].
    + exists P1. split; [right; auto|]. split; auto. intros Q [<-|I] N; [contradiction|auto].
    + destruct (Rle_dec (Rabs (f P / u P)) (Rabs (f P1 / u P1))) as [L|L].
      * exists P. split; [left; auto|]. split; auto. intros Q [<-|I] N; [lra|]. specialize (M1 Q I N). lra.
      * exists P1. split; [right; auto|]. split; auto. intros Q [<-|I] N; [lra|auto].
  - destruct H0 as [<-|H0]; [|rewrite D in N0 by auto; contradiction]. exists P. split; [left; auto|]. split; auto.
    intros Q [<-|I] N; [lra|]. rewrite D in N by auto. contradiction.
Qed.
Lemma not_all_zero (f : list R -> R) : forall A, (forall P, In P A -> f P = 0) \/ exists P, In P A /\ f P <> 0.
Proof.
  induction A as [|P A [Z|(Q & I & N)]].
  - left. intros ? [].
  - destruct (Req_EM_T (f P) 0); [left; intros Q [<-|I]; auto|right; exists P; split; [left|]; auto].
  - right. exists Q. split; [right|]; auto.
Qed.
(* a direction along which f never becomes 0 *)
Lemma direction (B : list (list R)) ls : indep B -> length ls = length B -> (2 <= length B)%nat -> ~ zeros ls ->
  exists us, length us = length B /\ ~ zeros us /\ forall k, ~ zeros (vadd ls (map (Rmult k) us)).
Proof.
  intros I L L2 N. destruct ls as [|l1 [|l2 ls]]; simpl in L; try lia. set (n := length ls).
  destruct (zeros_dec (l2 :: ls)) as [Z|Z].
  - exists (0 :: 1 :: repeat 0 n). simpl. rewrite repeat_length. split; [unfold n; lia|]. split; [intros Q; inversion Q as [|? ? ? Q']; inversion Q'; lra|].
    intros k Q. inversion Q as [|? ? E Q']; subst. apply N. constructor; auto. lra.
  - exists (1 :: 0 :: repeat 0 n). simpl. rewrite repeat_length. split; [unfold n; lia|]. split; [intros Q; inversion Q; lra|].
    intros k Q. inversion Q as [|? ? E Q']; subst. apply Z. inversion Q' as [|? ? E2 Q2]; subst. constructor; [lra|].
    clear - Q2. unfold n in Q2. revert Q2. generalize (length ls) at 1. induction ls as [|l ls IH]; intros m Q; [constructor|].
    destruct m as [|m]; simpl in Q; [exact Q|]. inversion Q; subst. constructor; [lra|eauto].
Qed.
Definition RA (A : list (list t)) := rm A.
Lemma in_rm (A : list (list t)) P : In P (rm A) -> exists P', In P' A /\ P = rv P'.
Proof. intros H. unfold InteriorCheck.rm in H. apply in_map_iff in H. destruct H as (P' & <- & H). eauto. Qed.
Lemma rm_length (A : list (list t)) : length (rm A) = length A.
Proof. apply map_length. Qed.

Lemma extreme_exists (A : list (list t)) : forall n B, length B = n -> indep (rm B) -> full_rank (rm A) (rm B) ->
  forall ls, length ls = n -> ~ zeros ls -> exists ls', length ls' = n /\ ~ zeros ls' /\
    conformal (rm A) (dsum ls (rm B)) (dsum ls' (rm B)) /\ extreme (rm A) (rm B) (dsum ls' (rm B)).
Proof.
  induction n as [|n IH]; intros B LB I FR ls L N.
  - destruct ls; [|discriminate]. exfalso. apply N. constructor.
  - destruct n as [|n].
    + destruct B as [|b [|]]; try discriminate. destruct ls as [|l [|]]; try discriminate. exists [l]. split; auto. split; auto.
      assert (l <> 0) by (intros Z; apply N; repeat constructor; auto). split.
      * intros P _. split; [apply Rle_0_sqr|auto].
      * intros [|m [|]] LM _; try discriminate. exists (m / l). intros X. simpl. field. auto.
    + destruct (direction (rm B) ls I) as (us & LU & NU & HU); [rewrite rm_length; lia|rewrite rm_length; lia|auto|].
      rewrite rm_length in LU. set (f := dsum ls (rm B)). set (u := dsum us (rm B)).
      destruct (not_all_zero u (rm A)) as [Z|NZ].
      { exfalso. apply NU, I; [rewrite rm_length; auto|]. apply FR; auto. rewrite rm_length; auto. }
      destruct (min_ratio f u (rm A) NZ) as (P & HP & UP & MP). set (k := - (f P / u P)).
      set (ls2 := vadd ls (map (Rmult k) us)).
      assert (L2 : length ls2 = S (S n)) by (unfold ls2; rewrite vadd_length; [auto|rewrite map_length; lia]).
      assert (E2 : forall X, dsum ls2 (rm B) X = f X + k * u X) by (intros X; apply dsum_add; rewrite rm_length; lia).
      assert (C2 : conformal (rm A) f (dsum ls2 (rm B))).
      { intros Q HQ. rewrite E2. destruct (Req_EM_T (u Q) 0) as [Z|NQ]; [rewrite Z; split; [|lra]; assert (0 <= f Q * f Q) by apply Rle_0_sqr; lra|].
        assert (M := MP Q HQ NQ). rewrite <- (Rabs_Ropp (f P / u P)) in M. fold k in M.
        assert (M2 : Rabs (k * u Q) <= Rabs (f Q)).
        { rewrite Rabs_mult. replace (Rabs (f Q)) with (Rabs (f Q / u Q) * Rabs (u Q)) by (rewrite <- Rabs_mult; f_equal; field; auto).
          apply Rmult_le_compat_r; [apply Rabs_pos|auto]. }
        assert (M3 : Rsqr (k * u Q) <= Rsqr (f Q)) by (apply Rsqr_le_abs_1; auto). unfold Rsqr in M3.
        set (y := k * u Q) in *. split.
        - assert (0 <= f Q * f Q) by apply Rle_0_sqr. assert (- (f Q * y) <= f Q * f Q); [|nra].
          apply Rle_trans with (Rabs (f Q * y)); [rewrite <- Rabs_Ropp; apply Rle_abs|]. rewrite Rabs_mult.
          apply Rle_trans with (Rabs (f Q) * Rabs (f Q)); [apply Rmult_le_compat_l; [apply Rabs_pos|auto]|].
          rewrite <- Rabs_mult, Rabs_right; [lra|apply Rle_ge; auto].
        - intros Z. rewrite Z in *. rewrite Rabs_R0 in M2. assert (y = 0); [|lra]. destruct (Req_EM_T y 0) as [|Ny]; auto. apply Rabs_pos_lt in Ny. lra. }
      assert (Z2 : dsum ls2 (rm B) P = 0) by (rewrite E2; unfold k; field; auto).
      destruct (in_rm A P HP) as (P' & HP' & ->).
      assert (V : vanish P' B = false) by (destruct (vanish P' B) eqn:V; auto; exfalso; apply UP, vanish_ok; auto).
      destruct (cut_into P' B ls2 V) as (ls3 & L3 & E3); [lia|auto|].
      assert (LC := cut_length P' B V).
      destruct (IH (cut P' B)) with (ls := ls3) as (ls4 & L4 & N4 & C4 & X4).
      * lia.
      * apply cut_indep; auto.
      * intros ms LM ZM. rewrite rm_length in LM. destruct (cut_from P' B ms V LM) as (ms' & LM' & HM & _).
        intros X. rewrite <- HM. apply FR; [rewrite rm_length; auto|]. intros Q HQ. rewrite HM. auto.
      * lia.
      * intros Z. apply (HU k), I; [fold ls2; rewrite rm_length; lia|]. intros X. fold ls2. rewrite <- E3. apply dsum_zeros; auto.
      * destruct (cut_from P' B ls4 V) as (ls' & L' & H1 & H2 & H3); [lia|]. exists ls'. split; [lia|]. split.
        { intros Z. apply N4, H2, Z. } split.
        { apply conformal_trans with (1 := C2). intros Q HQ. rewrite H1, <- E3. apply C4; auto. }
        intros ms LM ZM. rewrite rm_length in LM. destruct (cut_into P' B ms V LM) as (ms' & LM' & HM); [apply ZM; auto|].
        destruct (X4 ms') as (q & Hq); [rewrite rm_length; auto| |].
        { intros Q HQ Z. rewrite HM. apply ZM; auto. rewrite H1. auto. }
        exists q. intros X. rewrite <- HM, Hq, H1. auto.
Qed.

(* ---- the lines that planes cut out of the span of B ---- *)
Fixpoint lines (A : list (list t)) (B : list (list t)) : list (list t) :=
  match B with
  | [] => []
  | [b] => [b]
  | _ => match A with
         | [] => []
         | P :: A' => (if vanish P B then [] else lines A' (cut P B)) ++ lines A' B
         end
  end.
Lemma lines_one A b : lines A [b] = [b].
Proof. destruct A; reflexivity. Qed.
Lemma lines_more P A b b' B : lines (P :: A) (b :: b' :: B) =
  (if vanish P (b :: b' :: B) then [] else lines A (cut P (b :: b' :: B))) ++ lines A (b :: b' :: B).
Proof. reflexivity. Qed.
Lemma lines_ok : forall A B ls, indep (rm B) -> length ls = length B -> ~ zeros ls -> extreme (rm A) (rm B) (dsum ls (rm B)) ->
  exists b k, In b (lines A B) /\ k <> 0 /\ forall X, dsum ls (rm B) X = k * dot (rv b) X.
Proof.
  assert (ONE : forall A b ls, length ls = 1%nat -> ~ zeros ls -> exists b' k, In b' (lines A [b]) /\ k <> 0 /\ forall X, dsum ls (rm [b]) X = k * dot (rv b') X).
  { intros A b [|l [|]] L N; try discriminate. exists b, l. rewrite lines_one. split; [left; auto|]. split.
    - intros Z. apply N. repeat constructor; auto.
    - intros X. simpl. ring. }
  induction A as [|P A IH]; intros B ls I L N E.
  - destruct B as [|b [|b' B]]; [destruct ls; [exfalso; apply N; constructor|discriminate]|apply ONE; auto|]. exfalso.
    set (g := dsum ls (rm (b :: b' :: B))) in *.
    assert (MULT : forall ms, length ms = length (b :: b' :: B) -> exists k, forall X, dsum ms (rm (b :: b' :: B)) X = k * g X).
    { intros ms LM. apply E; [rewrite rm_length; auto|intros ? []]. }
    destruct (MULT (1 :: 0 :: repeat 0 (length B))) as (k1 & H1); [simpl; rewrite repeat_length; auto|].
    destruct (MULT (0 :: 1 :: repeat 0 (length B))) as (k2 & H2); [simpl; rewrite repeat_length; auto|].
    assert (Z0 : forall X, dsum (repeat 0 (length B)) (rm B) X = 0) by (intros; apply dsum_zeros, zeros_repeat).
    assert (E1 : forall X, dot (rv b) X = k1 * g X) by (intros X; rewrite <- H1; simpl; fold (rm B); rewrite Z0; ring).
    assert (E2 : forall X, dot (rv b') X = k2 * g X) by (intros X; rewrite <- H2; simpl; fold (rm B); rewrite Z0; ring).
    assert (Q1 : zeros (k2 :: - k1 :: repeat 0 (length B))).
    { apply I; [rewrite rm_length; simpl; rewrite repeat_length; auto|]. intros X. simpl. fold (rm B). rewrite Z0, E1, E2. ring. }
    inversion Q1 as [|? ? ? Q1']; subst. inversion Q1' as [|? ? K1]; subst.
    assert (Q2 : zeros (1 :: 0 :: repeat 0 (length B))).
    { apply I; [rewrite rm_length; simpl; rewrite repeat_length; auto|]. intros X. rewrite H1. replace k1 with 0 by lra. ring. }
    inversion Q2; lra.
  - destruct B as [|b [|b' B]]; [destruct ls; [exfalso; apply N; constructor|discriminate]|apply ONE; auto|].
    rewrite lines_more. set (BB := b :: b' :: B) in *. set (g := dsum ls (rm BB)) in *.
    destruct (vanish P BB) eqn:V; [|destruct (Req_EM_T (g (rv P)) 0) as [Z|Z]].
    + destruct (IH BB ls I L N) as (q & k & H1 & H2); [|exists q, k; split; auto].
      intros ms LM ZM. apply E; auto. intros Q [<-|HQ] ZQ; [apply vanish_ok; auto|apply ZM; auto].
    + destruct (cut_into P BB ls V L Z) as (ls' & L' & H').
      destruct (IH (cut P BB) ls') as (q & k & H1 & H2 & H3).
      * apply cut_indep; auto.
      * auto.
      * intros Z'. apply N, I; [rewrite rm_length; auto|]. intros X. rewrite <- H'. apply dsum_zeros; auto.
      * intros ms LM ZM. rewrite rm_length in LM. destruct (cut_from P BB ms V LM) as (ms' & LM' & HM & _ & ZP).
        destruct (E ms') as (k & Hk); [rewrite rm_length; auto| |].
        { intros Q [<-|HQ] ZQ; [exact ZP|]. rewrite HM. apply ZM; auto. rewrite H'. auto. }
        exists k. intros X. rewrite <- HM, Hk, H'. reflexivity.
      * exists q, k. split; [apply in_or_app; auto|]. split; auto. intros X. unfold g. rewrite <- H'. auto.
    + destruct (IH BB ls I L N) as (q & k & H1 & H2).
      * intros ms LM ZM. apply E; auto. intros Q [<-|HQ] ZQ; [contradiction|apply ZM; auto].
      * exists q, k. split; auto. apply in_or_app; auto.
Qed.

(* ---- conformal decomposition ---- *)
Definition opposite (b : list t) : list t := map (sub K z0) b.
Lemma opposite_ok b X : dot (rv (opposite b)) X = - dot (rv b) X.
Proof.
  revert X. induction b as [|a b IH]; intros [|x X]; simpl; try ring. fold (opposite b). rewrite IH, toR_sub, toR_zero. ring.
Qed.
Definition rays_of (A B : list (list t)) : list (list t) := flat_map (fun b => [b; opposite b]) (lines A B).
Definition decomposed (A rays : list (list t)) (f : list R -> R) : Prop :=
  exists ks rs, length ks = length rs /\ Forall (fun k => 0 <= k) ks /\ (forall X, f X = dsum ks (rm rs) X) /\
    forall b, In b rs -> In b rays /\ conformal (rm A) f (dot (rv b)).
Fixpoint count (f : list R -> R) (A : list (list R)) : nat :=
  match A with [] => O | P :: A' => if Req_EM_T (f P) 0 then count f A' else S (count f A') end.
Lemma count_le f g : forall A, (forall P, In P A -> f P = 0 -> g P = 0) -> (count g A <= count f A)%nat.
Proof.
  induction A as [|P A IH]; simpl; intros H; auto. assert (count g A <= count f A)%nat by (apply IH; intros; apply H; auto).
  destruct (Req_EM_T (f P) 0) as [Z|Z], (Req_EM_T (g P) 0) as [Z'|Z']; try lia. exfalso. apply Z', H; auto.
Qed.
Lemma count_lt f g : forall A, (forall P, In P A -> f P = 0 -> g P = 0) -> (exists P, In P A /\ f P <> 0 /\ g P = 0) -> (count g A < count f A)%nat.
Proof.
  induction A as [|P A IH]; simpl; intros H (Q & HQ & N & Z); [destruct HQ|].
  assert (L := count_le f g A (fun P HP => H P (or_intror HP))).
  destruct HQ as [<-|HQ].
  - destruct (Req_EM_T (f P) 0) as [Z1|Z1], (Req_EM_T (g P) 0) as [Z2|Z2]; try contradiction; lia.
  - assert (count g A < count f A)%nat by (apply IH; [intros; apply H; auto|eauto]).
    destruct (Req_EM_T (f P) 0) as [Z1|Z1], (Req_EM_T (g P) 0) as [Z2|Z2]; try lia. exfalso. apply Z2, H; auto.
Qed.
Lemma min_quotient (f g : list R -> R) : forall A, conformal A f g -> (exists P, In P A /\ g P <> 0) ->
  exists P, In P A /\ g P <> 0 /\ forall Q, In Q A -> g Q <> 0 -> f P / g P <= f Q / g Q.
Proof.
  intros A C NZ. destruct (min_ratio f g A NZ) as (P & HP & NP & M). exists P. split; auto. split; auto. intros Q HQ NQ.
  assert (POS : forall P, In P A -> g P <> 0 -> 0 <= f P / g P).
  { intros P' HP' NP'. replace (f P' / g P') with (f P' * g P' * / (g P' * g P')) by (field; auto).
    apply Rmult_le_pos; [apply C; auto|]. apply Rlt_le, Rinv_0_lt_compat. nra. }
  specialize (M Q HQ NQ). rewrite !Rabs_right in M by (apply Rle_ge, POS; auto). auto.
Qed.

Theorem decomposition (A B : list (list t)) : indep (rm B) -> full_rank (rm A) (rm B) ->
  forall ls, length ls = length B -> decomposed A (rays_of A B) (dsum ls (rm B)).
Proof.
  intros I FR. assert (X : forall n ls, length ls = length B -> (count (dsum ls (rm B)) (rm A) <= n)%nat -> decomposed A (rays_of A B) (dsum ls (rm B))).
  2:{ intros ls L. apply (X _ ls L (le_n _)). }
  induction n as [|n IH]; intros ls L HC; (destruct (zeros_dec ls) as [Z|N];
    [exists [], []; split; [auto|split; [constructor|split; [intros; simpl; apply dsum_zeros; auto|intros ? []]]]|]).
  { exfalso. apply N, I; [rewrite rm_length; auto|]. apply FR; [rewrite rm_length; auto|]. intros P HP.
    destruct (Req_EM_T (dsum ls (rm B) P) 0) as [|Ne]; auto. exfalso.
    assert (X : forall f L, In P L -> f P <> 0 -> (1 <= count f L)%nat).
    { clear. induction L as [|Q L IHL]; intros []; intros; simpl; [subst Q|]; destruct (Req_EM_T _ _); try lia; try contradiction; auto. }
    specialize (X _ _ HP Ne). lia. }
  destruct (extreme_exists A (length B) B eq_refl I FR ls L N) as (gs & LG & NG & CG & EG).
  destruct (lines_ok A B gs I LG NG EG) as (b & k & Hb & Hk & HB).
  set (b' := if Rlt_dec 0 k then b else opposite b). set (q := / Rabs k).
  assert (Pq : 0 < q) by (apply Rinv_0_lt_compat, Rabs_pos_lt; auto).
  assert (E' : forall X, dot (rv b') X = q * dsum gs (rm B) X).
  { intros X. rewrite HB. unfold b', q. destruct (Rlt_dec 0 k) as [P|P]; [rewrite Rabs_right by lra; field; auto|].
    rewrite opposite_ok, Rabs_left1 by lra. field. auto. }
  assert (Hb' : In b' (rays_of A B)).
  { apply in_flat_map. exists b. split; auto. unfold b'. destruct (Rlt_dec 0 k); simpl; auto. }
  set (f := dsum ls (rm B)). set (g := dot (rv b')).
  assert (C : conformal (rm A) f g).
  { intros P HP. destruct (CG P HP) as [C1 C2]. fold f in C1, C2. unfold g. rewrite E'. split.
    - replace (f P * (q * dsum gs (rm B) P)) with (q * (f P * dsum gs (rm B) P)) by ring. apply Rmult_le_pos; lra.
    - intros Z. rewrite C2; auto. ring. }
  assert (NZ : exists P, In P (rm A) /\ g P <> 0).
  { destruct (not_all_zero g (rm A)) as [Z|NZ]; auto. exfalso. apply NG, I; [rewrite rm_length; auto|]. apply FR; [rewrite rm_length; auto|].
    intros P HP. specialize (Z P HP). unfold g in Z. rewrite E' in Z. apply Rmult_integral in Z. destruct Z; lra. }
  destruct (min_quotient f g (rm A) C NZ) as (P & HP & NP & M). set (lam := f P / g P) in *.
  assert (FP : f P <> 0) by (intros Z; apply NP; apply C; auto).
  assert (L0 : 0 <= lam).
  { unfold lam. replace (f P / g P) with (f P * g P * / (g P * g P)) by (field; auto). apply Rmult_le_pos; [apply C; auto|]. apply Rlt_le, Rinv_0_lt_compat. nra. }
  set (ls' := vadd ls (map (Rmult (- lam * q)) gs)).
  assert (L' : length ls' = length B) by (unfold ls'; rewrite vadd_length; [auto|rewrite map_length; lia]).
  assert (F' : forall X, dsum ls' (rm B) X = f X - lam * g X).
  { intros X. unfold ls', f, g. rewrite dsum_add by (rewrite rm_length; lia). rewrite E'. ring. }
  assert (CF : conformal (rm A) f (dsum ls' (rm B))).
  { intros Q HQ. rewrite F'. destruct (C Q HQ) as [C1 C2]. split.
    - destruct (Req_EM_T (g Q) 0) as [Z|Z]; [rewrite Z; assert (0 <= f Q * f Q) by apply Rle_0_sqr; lra|].
      specialize (M Q HQ Z). assert (lam * (f Q * g Q) <= f Q / g Q * (f Q * g Q)) by (apply Rmult_le_compat_r; auto).
      replace (f Q / g Q * (f Q * g Q)) with (f Q * f Q) in H by (field; auto). lra.
    - intros Z. rewrite Z, (C2 Z). ring. }
  destruct (IH ls' L') as (ks & rs & LK & FK & EK & HK).
  { assert (count (dsum ls' (rm B)) (rm A) < count f (rm A))%nat; [|unfold f in *; lia]. apply count_lt; [intros; apply CF; auto|].
    exists P. split; auto. split; auto. rewrite F'. unfold lam. field. auto. }
  exists (lam :: ks), (b' :: rs). split; [simpl; auto|]. split; [constructor; auto|]. split.
  - intros X. simpl. fold (rm rs). rewrite <- EK, F'. unfold f, g. ring.
  - intros c [<-|Hc]; [split; auto|]. destruct (HK c Hc) as [K1 K2]. split; auto. apply conformal_trans with (1 := CF). exact K2.
Qed.

(* ---- the unit vectors ---- *)
Fixpoint identity_matrix (n : nat) : list (list t) :=
  match n with O => [] | S n' => (one K :: repeat z0 n') :: map (cons z0) (identity_matrix n') end.
Lemma dsum_nil : forall ls A, dsum ls A [] = 0.
Proof. induction ls; intros [|p A]; simpl; auto. rewrite IHls. destruct p; simpl; ring. Qed.
Lemma dsum_shift x X : forall ls A, dsum ls (rm (map (cons z0) A)) (x :: X) = dsum ls (rm A) X.
Proof. induction ls; intros [|p A]; simpl; auto. fold (rm (map (cons z0) A)). rewrite IHls, toR_zero. unfold InteriorCheck.rm. ring. Qed.
Lemma rv_repeat0 n : rv (repeat z0 n) = repeat 0 n.
Proof. induction n; simpl; auto. rewrite IHn, toR_zero; auto. Qed.
Lemma identity_dsum : forall w X, dsum w (rm (identity_matrix (length w))) X = dot w X.
Proof.
  induction w as [|a w IH]; intros [|x X]; simpl; auto.
  - fold (rm (map (cons z0) (identity_matrix (length w)))). rewrite dsum_nil. ring.
  - fold (rm (map (cons z0) (identity_matrix (length w)))). rewrite dsum_shift, IH, rv_repeat0, dot_rep0, toR_one. ring.
Qed.
Lemma identity_length n : length (identity_matrix n) = n.
Proof. induction n; simpl; auto. rewrite map_length, IHn. auto. Qed.
Lemma identity_indep n : indep (rm (identity_matrix n)).
Proof.
  intros ls L. rewrite rm_length, identity_length in L. subst n. intros H. assert (D : forall X, dot ls X = 0) by (intros X; rewrite <- identity_dsum; auto).
  clear H. induction ls as [|a ls IH]; constructor.
  - specialize (D [1]). simpl in D. destruct ls; simpl in D; lra.
  - apply IH. intros X. specialize (D (0 :: X)). simpl in D. lra.
Qed.
Lemma identity_full n A : (forall P, In P (identity_matrix n) -> In (rv P) A) -> full_rank A (rm (identity_matrix n)).
Proof.
  intros H ls L. rewrite rm_length, identity_length in L. subst n. intros Z X. rewrite identity_dsum.
  assert (D : forall P, In P (identity_matrix (length ls)) -> dot ls (rv P) = 0) by (intros P HP; rewrite <- identity_dsum; apply Z, H; auto).
  clear H Z. assert (Q : zeros ls).
  { induction ls as [|a ls IH]; constructor.
    - specialize (D (one K :: repeat z0 (length ls)) (or_introl eq_refl)). simpl in D. rewrite rv_repeat0, toR_one in D.
      assert (Y : dot ls (repeat 0 (length ls)) = 0) by (clear; induction ls; simpl; auto; rewrite IHls; ring). lra.
    - apply IH. intros P HP. specialize (D (z0 :: P)). simpl in D. rewrite toR_zero in D. rewrite <- D; [ring|]. right. apply in_map. auto. }
  clear D. revert X. induction Q as [|a ls Ha Q IH]; intros [|x X]; simpl; auto. rewrite IH, Ha. ring.
Qed.
End Rays.
