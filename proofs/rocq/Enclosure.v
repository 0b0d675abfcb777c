(* exp between rational numbers, by its series and by shifts and additions; and with it logarithms: a <= ln x where e^a <= x.
   Fixed point: an integer z stands for z / 2^places, and every step is rounded to the safe side. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Arith Bool.
From Symverify Require Import Spec Numbers.
Import ListNotations.
Open Scope R_scope.

(* ---- the series ---- *)
Definition term (x : R) (k : nat) : R := / INR (fact k) * x ^ k.
Fixpoint terms (x : R) (n i : nat) : R := match n with O => 0 | S n' => term x i + terms x n' (S i) end.
Lemma terms_last x : forall n i, terms x (S n) i = terms x n i + term x (i + n).
Proof.
  induction n as [|n IH]; intros i; [simpl; rewrite Nat.add_0_r; ring|]. change (terms x (S (S n)) i) with (term x i + terms x (S n) (S i)).
  rewrite IH. replace (i + S n)%nat with (S i + n)%nat by lia. simpl. ring.
Qed.
Lemma term_next x k : term x (S k) = term x k * x / INR (S k).
Proof.
  unfold term. change (fact (S k)) with (S k * fact k)%nat. rewrite mult_INR. cbn [pow]. field. split; [apply INR_fact_neq_0|apply not_0_INR; lia].
Qed.
Lemma term_pos x k : 0 <= x -> 0 <= term x k.
Proof. intros H. apply Rmult_le_pos; [apply Rlt_le, Rinv_0_lt_compat, INR_fact_lt_0|apply pow_le; auto]. Qed.
Lemma series x n : sum_f_R0 (term x) n = 1 + terms x n 1.
Proof. induction n as [|n IH]; [unfold term; simpl; field|]. rewrite terms_last. simpl sum_f_R0. rewrite IH. change (1 + n)%nat with (S n). ring. Qed.
Lemma exp_series x : infinite_sum (term x) (exp x).
Proof. unfold exp. destruct (exist_exp x) as [l H]. exact H. Qed.
Lemma exp_above_terms x n : 0 <= x -> 1 + terms x n 1 <= exp x.
Proof.
  intros Hx. rewrite <- series. apply sum_incr; [exact (exp_series x)|]. intros k. apply term_pos. auto.
Qed.
Lemma exp_below_terms x n : 0 <= x <= 1 -> exp x <= 1 + terms x n 1 + 2 * term x (S n).
Proof.
  intros Hx. set (U := fun n => 1 + terms x n 1 + 2 * term x (S n)).
  assert (D : forall k, U (S k) <= U k).
  { intros k. unfold U. rewrite terms_last, (term_next x (S k)). change (1 + k)%nat with (S k). assert (P := term_pos x (S k) (proj1 Hx)).
    assert (I : 2 <= INR (S (S k))) by (rewrite !S_INR; assert (Q := pos_INR k); lra).
    assert (B : term x (S k) * x / INR (S (S k)) <= term x (S k) / 2).
    { unfold Rdiv. rewrite Rmult_assoc. apply Rmult_le_compat_l; auto. apply Rle_trans with (1 * / INR (S (S k))).
      - apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; lra|lra].
      - rewrite Rmult_1_l. apply Rinv_le_contravar; lra. }
    lra. }
  assert (M : forall m, U (m + n)%nat <= U n) by (induction m as [|m IH]; simpl; [lra|]; specialize (D (m + n)%nat); lra).
  destruct (Rle_lt_dec (exp x) (U n)) as [|G]; auto. exfalso. destruct (exp_series x (exp x - U n)) as (N & HN); [lra|]. specialize (HN (N + n)%nat ltac:(lia)).
  rewrite series in HN. unfold R_dist in HN. apply Rabs_def2 in HN. specialize (M N). unfold U in M. assert (P := term_pos x (S (N + n)) (proj1 Hx)). unfold U in HN. lra.
Qed.

(* ---- shifts: the same lemmas of the library rest on its theory of bits, which `Print Assumptions` would walk through ---- *)
Lemma shiftl_power a k : (0 <= k)%Z -> Z.shiftl a k = (a * 2 ^ k)%Z.
Proof.
  destruct k as [|k|k]; intros H; [cbn; lia| |lia]. cbn [Z.shiftl Z.pow]. unfold Z.pow_pos. clear H. revert a.
  induction k as [|k IH] using Pos.peano_ind; intros a; [cbn [Pos.iter]; lia|]. rewrite !Pos.iter_succ, IH. lia.
Qed.
Lemma div2_half a : Z.div2 a = (a / 2)%Z.
Proof. apply Z.div_unique with (if Z.odd a then 1 else 0)%Z; destruct a as [|[p|p|]|[p|p|]]; cbn [Z.div2 Z.odd Pos.div2 Pos.div2_up]; lia. Qed.
Lemma shiftr_power a k : (0 <= k)%Z -> Z.shiftr a k = (a / 2 ^ k)%Z.
Proof.
  destruct k as [|k|k]; intros H; [cbn; symmetry; apply Z.div_1_r| |lia]. change (Z.shiftr a (Z.pos k)) with (Pos.iter Z.div2 a k). cbn [Z.pow]. unfold Z.pow_pos. clear H.
  assert (P : forall j, (0 < Pos.iter (Z.mul 2) 1 j)%Z) by (induction j as [|j IH] using Pos.peano_ind; [reflexivity|rewrite Pos.iter_succ; lia]).
  induction k as [|k IH] using Pos.peano_ind; [apply div2_half|]. rewrite !Pos.iter_succ, IH, div2_half, Z.div_div; [f_equal; apply Z.mul_comm|intros E; specialize (P k); lia|reflexivity].
Qed.
Lemma shiftl_at_least_0 a k : (0 <= k)%Z -> (0 <= a)%Z -> (0 <= Z.shiftl a k)%Z.
Proof. intros Hk H. rewrite shiftl_power by auto. apply Z.mul_nonneg_nonneg; [auto|apply Z.pow_nonneg; discriminate]. Qed.
Lemma shiftr_at_least_0 a k : (0 <= k)%Z -> (0 <= a)%Z -> (0 <= Z.shiftr a k)%Z.
Proof. intros Hk H. rewrite shiftr_power by auto. apply Z.div_pos; [auto|apply Z.pow_pos_nonneg; [reflexivity|auto]]. Qed.

(* ---- integers ---- *)
Section Places.
Variable places : positive.
Definition precision : Z := Zpos places.
Definition unit : Z := (2 ^ precision)%Z.
Definition one_unit : R := IZR unit.
Lemma unit_pos : (0 < unit)%Z.
Proof. apply Z.pow_pos_nonneg; [reflexivity|discriminate]. Qed.
Lemma one_unit_pos : 0 < one_unit.
Proof. apply (IZR_lt 0), unit_pos. Qed.
Definition real_of (z : Z) : R := IZR z / one_unit.
Lemma real_of_nonneg z : (0 <= z)%Z -> 0 <= real_of z.
Proof. intros H. apply Rmult_le_pos; [apply (IZR_le 0); auto|apply Rlt_le, Rinv_0_lt_compat, one_unit_pos]. Qed.
Lemma real_of_le a b : (a <= b)%Z -> real_of a <= real_of b.
Proof. intros H. unfold real_of. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, one_unit_pos|apply IZR_le; auto]. Qed.
Lemma real_of_unit : real_of unit = 1.
Proof. unfold real_of. fold one_unit. assert (U := one_unit_pos). field. lra. Qed.
(* quotients, rounded down and up; by powers of 2 a shift *)
Fixpoint odd_part (p : positive) : Z * positive := match p with xO p' => let (k, m) := odd_part p' in (Z.succ k, m) | _ => (0%Z, p) end.
Lemma odd_part_ok p : (0 <= fst (odd_part p))%Z /\ Zpos p = (2 ^ fst (odd_part p) * Zpos (snd (odd_part p)))%Z.
Proof.
  induction p as [p IH|p IH|]; [split; [discriminate|reflexivity]| |split; [discriminate|reflexivity]]. cbn [odd_part]. destruct (odd_part p) as [k m]. cbn [fst snd] in *. destruct IH as [A B].
  split; [lia|]. rewrite Z.pow_succ_r by auto. rewrite <- Z.mul_assoc, <- B. reflexivity.
Qed.
Definition down (a b : Z) : Z := match b with Zpos p => let (k, m) := odd_part p in match m with xH => Z.shiftr a k | _ => (Z.shiftr a k / Zpos m)%Z end | _ => (a / b)%Z end.
Lemma down_div a b : down a b = (a / b)%Z.
Proof.
  unfold down. destruct b as [|p|p]; auto. destruct (odd_part_ok p) as [A B]. destruct (odd_part p) as [k m]. cbn [fst snd] in *. rewrite shiftr_power by auto. rewrite B.
  assert (P := Z.pow_pos_nonneg 2 k eq_refl A). rewrite <- Z.div_div by lia. destruct m; auto. symmetry. apply Z.div_1_r.
Qed.
Definition up (a b : Z) : Z := (- down (- a) b)%Z.
Lemma down_ok a b : (0 < b)%Z -> IZR (down a b) <= IZR a / IZR b.
Proof.
  intros H. assert (B : 0 < IZR b) by (apply (IZR_lt 0); auto). apply Rmult_le_reg_r with (IZR b); auto. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  rewrite <- mult_IZR. apply IZR_le. rewrite down_div, Z.mul_comm. apply Z.mul_div_le; auto.
Qed.
Lemma up_ok a b : (0 < b)%Z -> IZR a / IZR b <= IZR (up a b).
Proof. intros H. unfold up. rewrite opp_IZR. assert (D := down_ok (- a) b H). rewrite opp_IZR in D. unfold Rdiv in *. lra. Qed.
(* the same by 2^places *)
Definition down_unit (a : Z) : Z := Z.shiftr a precision.
Definition up_unit (a : Z) : Z := (- Z.shiftr (- a) precision)%Z.
Lemma down_unit_ok a : IZR (down_unit a) <= IZR a / one_unit.
Proof. unfold down_unit. rewrite shiftr_power by discriminate. assert (D := down_ok a unit unit_pos). rewrite down_div in D. exact D. Qed.
Lemma up_unit_ok a : IZR a / one_unit <= IZR (up_unit a).
Proof. unfold up_unit. rewrite shiftr_power by discriminate. assert (D := up_ok a unit unit_pos). unfold up in D. rewrite down_div in D. exact D. Qed.

Lemma shiftr_real a k : IZR (Z.shiftr a (Z.of_nat k)) <= IZR a * / 2 ^ k.
Proof.
  rewrite shiftr_power by lia. assert (P : (0 < 2 ^ Z.of_nat k)%Z) by (apply Z.pow_pos_nonneg; lia). assert (D := down_ok a _ P). rewrite down_div in D.
  rewrite <- (pow_IZR 2 k) in D. exact D.
Qed.
(* times 2^n *)
Lemma shift_real a n : IZR (Z.shiftl a n) <= IZR a * powerRZ 2 n.
Proof.
  destruct n as [|p|p].
  - cbn [powerRZ]. change (Z.shiftl a 0) with a. lra.
  - rewrite shiftl_power by discriminate. rewrite mult_IZR. change (powerRZ 2 (Zpos p)) with (2 ^ Pos.to_nat p). rewrite pow_IZR, positive_nat_Z. right. reflexivity.
  - change (Z.shiftl a (Zneg p)) with (Z.shiftr a (Zpos p)). rewrite <- positive_nat_Z. apply shiftr_real.
Qed.
(* products, without the last k places of a and the last l of b *)
Definition low_product (k l : nat) (a b : Z) : Z := Z.shiftl (mulz (Z.shiftr a (Z.of_nat k)) (Z.shiftr b (Z.of_nat l))) (Z.of_nat k + Z.of_nat l - precision).
Definition high_product (k l : nat) (a b : Z) : Z := (- Z.shiftl (- mulz (- Z.shiftr (- a) (Z.of_nat k)) (- Z.shiftr (- b) (Z.of_nat l))) (Z.of_nat k + Z.of_nat l - precision))%Z.
Lemma places_power k l : powerRZ 2 (Z.of_nat k + Z.of_nat l - precision) = 2 ^ k * 2 ^ l / one_unit.
Proof.
  unfold Z.sub. rewrite !powerRZ_add, <- !pow_powerRZ by lra. change (powerRZ 2 (- precision)) with (/ 2 ^ Pos.to_nat places).
  replace one_unit with (2 ^ Pos.to_nat places) by (rewrite pow_IZR, positive_nat_Z; reflexivity). reflexivity.
Qed.
Lemma low_product_ok k l a b : (0 <= a)%Z -> (0 <= b)%Z -> (0 <= low_product k l a b)%Z /\ IZR (low_product k l a b) <= IZR a * IZR b / one_unit.
Proof.
  intros Ha Hb. unfold low_product. rewrite mulz_ok. set (a' := Z.shiftr a _). set (b' := Z.shiftr b _). assert (A : (0 <= a')%Z) by (apply shiftr_at_least_0; [lia|auto]). assert (B : (0 <= b')%Z) by (apply shiftr_at_least_0; [lia|auto]). split.
  - assert (M : (0 <= a' * b')%Z) by (apply Z.mul_nonneg_nonneg; auto). destruct (_ - precision)%Z as [|p|p] eqn:E; [exact M|apply shiftl_at_least_0; [discriminate|exact M]|]. change (Z.shiftl (a' * b') (Zneg p)) with (Z.shiftr (a' * b') (Zpos p)). apply shiftr_at_least_0; [discriminate|exact M].
  - apply Rle_trans with (1 := shift_real _ _). rewrite places_power, mult_IZR. assert (U := one_unit_pos). assert (P := pow_lt 2 k ltac:(lra)). assert (Q := pow_lt 2 l ltac:(lra)). assert (A1 := shiftr_real a k). assert (B1 := shiftr_real b l). fold a' in A1. fold b' in B1. apply (IZR_le 0) in A, B.
    apply Rle_trans with (IZR a * / 2 ^ k * (IZR b * / 2 ^ l) * (2 ^ k * 2 ^ l / one_unit)); [|right; field; lra].
    apply Rmult_le_compat_r; [apply Rlt_le, Rdiv_lt_0_compat; auto; apply Rmult_lt_0_compat; auto|]. apply Rmult_le_compat; auto.
Qed.
Lemma high_product_ok k l a b : (0 <= a)%Z -> (0 <= b)%Z -> IZR a * IZR b / one_unit <= IZR (high_product k l a b).
Proof.
  intros Ha Hb. unfold high_product. rewrite mulz_ok, opp_IZR. set (a' := (- Z.shiftr (- a) _)%Z). set (b' := (- Z.shiftr (- b) _)%Z).
  assert (U := one_unit_pos). assert (P := pow_lt 2 k ltac:(lra)). assert (Q := pow_lt 2 l ltac:(lra)).
  assert (A : IZR a * / 2 ^ k <= IZR a') by (unfold a'; rewrite opp_IZR; assert (H := shiftr_real (- a) k); rewrite opp_IZR in H; lra).
  assert (B : IZR b * / 2 ^ l <= IZR b') by (unfold b'; rewrite opp_IZR; assert (H := shiftr_real (- b) l); rewrite opp_IZR in H; lra).
  assert (S := shift_real (- (a' * b')) (Z.of_nat k + Z.of_nat l - precision)). rewrite places_power, opp_IZR, mult_IZR in S.
  assert (W : 0 < 2 ^ k * 2 ^ l / one_unit) by (apply Rdiv_lt_0_compat; auto; apply Rmult_lt_0_compat; auto). apply Rle_trans with (IZR a' * IZR b' * (2 ^ k * 2 ^ l / one_unit)); [|lra].
  apply Rle_trans with (IZR a * / 2 ^ k * (IZR b * / 2 ^ l) * (2 ^ k * 2 ^ l / one_unit)); [right; field; lra|].
  apply Rmult_le_compat_r; [lra|]. apply (IZR_le 0) in Ha, Hb. assert (P' := Rinv_0_lt_compat _ P). assert (Q' := Rinv_0_lt_compat _ Q). apply Rmult_le_compat; auto; apply Rmult_le_pos; lra.
Qed.
(* the terms of exp x from number i on, the one before being t; of factors of about the size of x, the last k places say nothing *)
Section Terms.
Variable k : nat.
Fixpoint low_terms (n : nat) (i t x : Z) : Z := match n with O => 0 | S n' => let t' := down (low_product k k t x) i in t' + low_terms n' (i + 1) t' x end.
Fixpoint high_terms (n : nat) (i t x : Z) : Z := match n with O => 2 * up (high_product k k t x) i | S n' => let t' := up (high_product k k t x) i in t' + high_terms n' (i + 1) t' x end.
(* enough for x below 2^-7 *)
Definition count : nat := Z.to_nat (Z.div precision 11 + 3).
(* exp x - 1 *)
Definition low_series (x : Z) : Z := x + low_terms count 2 x x.
Definition high_series (x : Z) : Z := x + high_terms count 2 x x.
Lemma low_term_ok t x i j : (0 <= x)%Z -> i = Z.of_nat (S j) -> (0 <= t)%Z -> IZR t <= one_unit * term (real_of x) j ->
  (0 <= down (low_product k k t x) i)%Z /\ IZR (down (low_product k k t x) i) <= one_unit * term (real_of x) (S j).
Proof.
  intros Hx Hi Pt Ht. assert (U := one_unit_pos). assert (I : 0 < IZR i) by (subst i; rewrite <- INR_IZR_INZ; apply lt_0_INR; lia). assert (Ii : (0 < i)%Z) by lia.
  destruct (low_product_ok k k t x Pt Hx) as [A B]. apply (IZR_le 0) in Hx. split.
  - rewrite down_div. apply Z.div_pos; auto.
  - apply Rle_trans with (1 := down_ok _ _ Ii). rewrite term_next. rewrite INR_IZR_INZ, <- Hi. unfold Rdiv. rewrite <- !Rmult_assoc. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; auto|].
    apply Rle_trans with (1 := B). unfold real_of, Rdiv. rewrite <- Rmult_assoc. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; auto|].
    apply Rmult_le_compat_r; auto.
Qed.
Lemma high_term_ok t x i j : (0 <= x)%Z -> i = Z.of_nat (S j) -> one_unit * term (real_of x) j <= IZR t ->
  (0 <= up (high_product k k t x) i)%Z /\ one_unit * term (real_of x) (S j) <= IZR (up (high_product k k t x) i).
Proof.
  intros Hx Hi Ht. assert (U := one_unit_pos). assert (I : 0 < IZR i) by (subst i; rewrite <- INR_IZR_INZ; apply lt_0_INR; lia). assert (Ii : (0 < i)%Z) by lia.
  assert (T0 : 0 <= one_unit * term (real_of x) (S j)) by (apply Rmult_le_pos; [lra|apply term_pos, real_of_nonneg; auto]).
  assert (T1 : 0 <= one_unit * term (real_of x) j) by (apply Rmult_le_pos; [lra|apply term_pos, real_of_nonneg; auto]).
  assert (Pt : (0 <= t)%Z) by (apply le_IZR; lra). assert (B := high_product_ok k k t x Pt Hx). apply (IZR_le 0) in Hx.
  cut (one_unit * term (real_of x) (S j) <= IZR (up (high_product k k t x) i)); [intros C; split; [apply le_IZR; lra|exact C]|].
  apply Rle_trans with (2 := up_ok _ _ Ii). rewrite term_next. rewrite INR_IZR_INZ, <- Hi. unfold Rdiv. rewrite <- !Rmult_assoc. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; auto|].
  apply Rle_trans with (2 := B). unfold real_of, Rdiv. rewrite <- Rmult_assoc. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; auto|].
  apply Rmult_le_compat_r; auto.
Qed.
Lemma low_terms_ok x : (0 <= x)%Z -> forall n j t, (0 <= t)%Z -> IZR t <= one_unit * term (real_of x) j ->
  (0 <= low_terms n (Z.of_nat (S j)) t x)%Z /\ IZR (low_terms n (Z.of_nat (S j)) t x) <= one_unit * terms (real_of x) n (S j).
Proof.
  intros Hx. induction n as [|n IH]; intros j t Pt Ht; [simpl; split; [lia|lra]|]. cbn [low_terms terms]. cbv zeta. rewrite plus_IZR.
  destruct (low_term_ok t x _ j Hx eq_refl Pt Ht) as [A B]. specialize (IH (S j) _ A B). replace (Z.of_nat (S j) + 1)%Z with (Z.of_nat (S (S j))) by lia. destruct IH. split; [lia|lra].
Qed.
Lemma high_terms_ok x : (0 <= x)%Z -> forall n j t, one_unit * term (real_of x) j <= IZR t ->
  one_unit * (terms (real_of x) n (S j) + 2 * term (real_of x) (S j + n)) <= IZR (high_terms n (Z.of_nat (S j)) t x).
Proof.
  intros Hx. induction n as [|n IH]; intros j t Ht; destruct (high_term_ok t x _ j Hx eq_refl Ht) as [_ A].
  - cbn [high_terms terms]. rewrite mult_IZR, Nat.add_0_r. lra.
  - cbn [high_terms terms]. cbv zeta. rewrite plus_IZR. specialize (IH (S j) _ A). replace (Z.of_nat (S j) + 1)%Z with (Z.of_nat (S (S j))) by lia.
    replace (S j + S n)%nat with (S (S j) + n)%nat by lia. lra.
Qed.
Lemma term_1 x : one_unit * term (real_of x) 1 = IZR x.
Proof. assert (U := one_unit_pos). unfold term, real_of. simpl. field. lra. Qed.
Lemma low_series_ok x : (0 <= x)%Z -> (0 <= low_series x)%Z /\ real_of (unit + low_series x) <= exp (real_of x).
Proof.
  intros Hx. assert (U := one_unit_pos). destruct (low_terms_ok x Hx count 1 x Hx ltac:(rewrite term_1; lra)) as [P L]. change (Z.of_nat 2) with 2%Z in P, L. unfold low_series. split; [lia|].
  apply Rle_trans with (2 := exp_above_terms _ (S count) (real_of_nonneg x Hx)).
  unfold real_of at 1. rewrite !plus_IZR. fold one_unit. apply Rmult_le_reg_r with one_unit; auto. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  cbn [terms]. assert (T := term_1 x). lra.
Qed.
Lemma high_series_ok x : (0 <= x <= unit)%Z -> (0 <= high_series x)%Z /\ exp (real_of x) <= real_of (unit + high_series x).
Proof.
  intros [Hx Hx']. assert (U := one_unit_pos). assert (X : real_of x <= 1) by (rewrite <- real_of_unit; apply real_of_le; auto).
  assert (L := high_terms_ok x Hx count 1 x ltac:(rewrite term_1; lra)). change (Z.of_nat 2) with 2%Z in L. change (2 + count)%nat with (S (S count)) in L. assert (T := term_1 x).
  assert (E := exp_below_terms _ (S count) (conj (real_of_nonneg x Hx) X)). cbn [terms] in E. unfold high_series.
  assert (C : exp (real_of x) <= real_of (unit + (x + high_terms count 2 x x))).
  { apply Rle_trans with (1 := E). unfold real_of at 4. rewrite !plus_IZR. fold one_unit. apply Rmult_le_reg_r with one_unit; auto. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. lra. }
  split; [|exact C]. assert (P : 0 <= IZR (x + high_terms count 2 x x)).
  { rewrite plus_IZR. apply (IZR_le 0) in Hx. assert (TP := fun j => Rmult_le_pos _ _ (Rlt_le _ _ U) (term_pos (real_of x) j (real_of_nonneg x ltac:(apply le_IZR; exact Hx)))).
    assert (TT : forall n i, 0 <= one_unit * terms (real_of x) n i) by (induction n as [|n IH]; intros i; [simpl; lra|cbn [terms]; specialize (TP i); specialize (IH (S i)); lra]).
    specialize (TT count 2%nat). specialize (TP (S (S count))). lra. }
  apply le_IZR. exact P.
Qed.
End Terms.
(* squared k times *)
Fixpoint low_square (k : nat) (z : Z) : Z := match k with O => z | S k' => low_square k' (down_unit (Z.square z)) end.
Fixpoint high_square (k : nat) (z : Z) : Z := match k with O => z | S k' => high_square k' (up_unit (Z.square z)) end.
Lemma low_square_ok : forall k z x, 0 <= real_of z <= exp x -> real_of (low_square k z) <= exp (x * 2 ^ k).
Proof.
  assert (U := one_unit_pos). induction k as [|k IH]; intros z x H; cbn [low_square pow]; [rewrite Rmult_1_r; apply H|]. rewrite Z.square_spec. replace (x * (2 * 2 ^ k)) with ((x + x) * 2 ^ k) by ring. apply IH.
  assert (E : real_of (down_unit (z * z)) <= real_of z * real_of z).
  { unfold real_of, Rdiv. replace (IZR z * / one_unit * (IZR z * / one_unit)) with (IZR (z * z) / one_unit * / one_unit) by (rewrite mult_IZR; field; lra). apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; auto|apply down_unit_ok]. }
  split.
  - unfold real_of. apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat; auto]. apply (IZR_le 0). unfold down_unit. apply shiftr_at_least_0; [discriminate|]. apply Z.square_nonneg.
  - apply Rle_trans with (1 := E). rewrite exp_plus. apply Rmult_le_compat; apply H.
Qed.
Lemma high_square_ok : forall k z x, exp x <= real_of z -> exp (x * 2 ^ k) <= real_of (high_square k z).
Proof.
  assert (U := one_unit_pos). induction k as [|k IH]; intros z x H; cbn [high_square pow]; [rewrite Rmult_1_r; apply H|]. rewrite Z.square_spec. replace (x * (2 * 2 ^ k)) with ((x + x) * 2 ^ k) by ring. apply IH.
  assert (E : real_of z * real_of z <= real_of (up_unit (z * z))).
  { unfold real_of, Rdiv. replace (IZR z * / one_unit * (IZR z * / one_unit)) with (IZR (z * z) / one_unit * / one_unit) by (rewrite mult_IZR; field; lra). apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; auto|apply up_unit_ok]. }
  apply Rle_trans with (2 := E). rewrite exp_plus. assert (P := exp_pos x). apply Rmult_le_compat; lra.
Qed.

(* exp of a rational number a/b >= 0 *)
Definition halvings (a b : Z) : nat := Z.to_nat (Z.log2 (a / b + 1) + 8).
Definition low_exp (a b : Z) : Z := let k := halvings a b in low_square k (unit + low_series 0 (down (Z.shiftl a precision) (Z.shiftl b (Z.of_nat k)))).
Definition high_exp (a b : Z) : option Z :=
  let k := halvings a b in let x := up (Z.shiftl a precision) (Z.shiftl b (Z.of_nat k)) in if (x <=? unit)%Z then Some (high_square k (unit + high_series 0 x)) else None.
Lemma shares a b k : (0 < b)%Z -> IZR (Z.shiftl a precision) / IZR (Z.shiftl b (Z.of_nat k)) / one_unit * 2 ^ k = IZR a / IZR b.
Proof.
  intros H. assert (B : 0 < IZR b) by (apply (IZR_lt 0); auto). rewrite !shiftl_power by (try discriminate; lia). rewrite !mult_IZR. fold unit. fold one_unit. assert (U := one_unit_pos).
  rewrite <- (pow_IZR 2 k). assert (K : 2 ^ k <> 0) by (apply pow_nonzero; lra). field. repeat split; auto; lra.
Qed.
Lemma shift_pos b k : (0 < b)%Z -> (0 < Z.shiftl b (Z.of_nat k))%Z.
Proof. intros H. rewrite shiftl_power by lia. apply Z.mul_pos_pos; auto. apply Z.pow_pos_nonneg; lia. Qed.
Theorem low_exp_ok a b : (0 <= a)%Z -> (0 < b)%Z -> real_of (low_exp a b) <= exp (IZR a / IZR b).
Proof.
  intros Ha Hb. unfold low_exp. set (k := halvings a b). set (x := down _ _). assert (Hk := shift_pos b k Hb). assert (U := one_unit_pos).
  assert (Px : (0 <= x)%Z) by (unfold x; rewrite down_div; apply Z.div_pos; auto; apply shiftl_at_least_0; auto; discriminate).
  apply Rle_trans with (exp (real_of x * 2 ^ k)).
  - destruct (low_series_ok 0 x Px) as [S0 S1]. apply low_square_ok. split; [|exact S1]. apply real_of_nonneg. assert (UP := unit_pos). lia.
  - assert (L : real_of x * 2 ^ k <= IZR a / IZR b).
    { rewrite <- (shares a b k Hb). apply Rmult_le_compat_r; [apply pow_le; lra|]. unfold real_of. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; auto|]. apply down_ok; auto. }
    destruct L as [L|L]; [left; apply exp_increasing; auto|right; f_equal; auto].
Qed.
Theorem high_exp_ok a b z : (0 <= a)%Z -> (0 < b)%Z -> high_exp a b = Some z -> exp (IZR a / IZR b) <= real_of z.
Proof.
  intros Ha Hb. unfold high_exp. set (k := halvings a b). set (x := up _ _). destruct (x <=? unit)%Z eqn:E; [|discriminate]. intros Q. inversion Q; subst z. clear Q. apply Z.leb_le in E.
  assert (Hk := shift_pos b k Hb). assert (U := one_unit_pos).
  assert (Px : (0 <= x)%Z). { unfold x, up. rewrite down_div. assert (- Z.shiftl a precision / Z.shiftl b (Z.of_nat k) <= 0)%Z; [|lia]. apply Z.div_le_upper_bound; auto. rewrite Z.mul_0_r. assert (0 <= Z.shiftl a precision)%Z by (apply shiftl_at_least_0; auto; discriminate). lia. }
  apply Rle_trans with (exp (real_of x * 2 ^ k)).
  - assert (L : IZR a / IZR b <= real_of x * 2 ^ k).
    { rewrite <- (shares a b k Hb). apply Rmult_le_compat_r; [apply pow_le; lra|]. unfold real_of. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; auto|]. apply up_ok; auto. }
    destruct L as [L|L]; [left; apply exp_increasing; auto|right; f_equal; auto].
  - apply high_square_ok, (high_series_ok 0 x (conj Px E)).
Qed.

End Places.

(* ---- exp by shifts and additions: e^x = 2^n (1 + 1/2)^d1 (1 + 1/4)^d2 ... e^r, where x = n ln 2 + d1 ln (1 + 1/2) + ... + r, the d are 0 or 1
   and r is below 2^-39: of its series a few terms are enough ---- *)
(* ln (1 + 2^-j) in units of 2^-256, from a to a + 3: by a series, and then checked with the exp above *)
Fixpoint odd_terms (n : nat) (power square k : Z) : Z := match n with O => 0 | S n' => power / k + odd_terms n' (Z.shiftr (power * square) 320) square (k + 2) end.
Definition log_1p (j : nat) : Z := let t := (2 ^ 320 / (2 * 2 ^ Z.of_nat j + 1))%Z in (Z.shiftr (2 * odd_terms 104 t (Z.shiftr (t * t) 320) 1) 64 - 1)%Z.
Definition logs : list Z := Eval vm_compute in map log_1p (seq 0 40).
Definition fine : R := IZR (2 ^ 256).
Lemma fine_pos : 0 < fine.
Proof. apply (IZR_lt 0). reflexivity. Qed.
Fixpoint enclosed (j : nat) (l : list Z) : Prop :=
  match l with [] => True | a :: l' => exp (IZR a / fine) <= 1 + / 2 ^ j <= exp (IZR (a + 3) / fine) /\ enclosed (S j) l' end.
Fixpoint check_logs (j : nat) (l : list Z) : bool :=
  match l with
  | [] => true
  | a :: l' => let z := (2 ^ 320 + 2 ^ (320 - Z.of_nat j))%Z in (j <=? 320)%nat && (0 <=? a)%Z && (z <=? low_exp 320 (a + 3) (2 ^ 256))%Z &&
      match high_exp 320 a (2 ^ 256) with Some w => (w <=? z)%Z | None => false end && check_logs (S j) l'
  end.
Lemma share_of j : (j <= 320)%nat -> real_of 320 (2 ^ 320 + 2 ^ (320 - Z.of_nat j)) = 1 + / 2 ^ j.
Proof.
  intros H. unfold real_of. fold (precision 320). assert (U := one_unit_pos 320). unfold one_unit, Enclosure.unit in *. change (precision 320) with 320%Z in *. rewrite plus_IZR.
  assert (E : (2 ^ 320 = 2 ^ (320 - Z.of_nat j) * 2 ^ Z.of_nat j)%Z) by (rewrite <- Z.pow_add_r by lia; f_equal; lia).
  assert (J : IZR (2 ^ Z.of_nat j) = 2 ^ j) by (rewrite pow_IZR; reflexivity). assert (P : 2 ^ j <> 0) by (apply pow_nonzero; lra).
  assert (Q : IZR (2 ^ (320 - Z.of_nat j)) * 2 ^ j = IZR (2 ^ 320)) by (rewrite <- J, <- mult_IZR, <- E; reflexivity). rewrite <- Q in *. field. split; [auto|]. intros Z0. rewrite Z0 in U. lra.
Qed.
Lemma check_logs_ok : forall l j, check_logs j l = true -> enclosed j l.
Proof.
  induction l as [|a l IH]; intros j H; cbn [check_logs enclosed] in *; [exact I|]. apply andb_prop in H. destruct H as [H H5]. apply andb_prop in H. destruct H as [H H4].
  apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. apply Nat.leb_le in H1. apply Z.leb_le in H2, H3. split; [|apply IH, H5].
  destruct (high_exp 320 a (2 ^ 256)) as [w|] eqn:E; [|discriminate]. apply Z.leb_le in H4. apply (high_exp_ok 320 a (2 ^ 256) w H2 eq_refl) in E. apply (real_of_le 320) in H3, H4. rewrite share_of in H3, H4 by exact H1.
  assert (L := low_exp_ok 320 (a + 3) (2 ^ 256) ltac:(lia) eq_refl). fold fine in E, L. lra.
Qed.
Lemma logs_enclosed : enclosed 0 logs.
Proof. apply check_logs_ok. vm_cast_no_check (eq_refl true). Qed.

Section Steps.
Variable places : positive.
Notation precision := (precision places).
Notation unit := (unit places).
Notation one_unit := (one_unit places).
Notation one_unit_pos := (one_unit_pos places).
Notation real_of := (real_of places).
Notation down_unit := (down_unit places).
Notation up_unit := (up_unit places).
Notation real_of_le := (real_of_le places).
Notation low_product := (low_product places).
Notation high_product := (high_product places).
Notation low_series := (low_series places).
Notation high_series := (high_series places).
(* from number j on: what is left of x, and the product *)
Fixpoint low_steps (l : list Z) (j r z : Z) : Z * Z :=
  match l with [] => (r, z) | a :: l' => if (a + 3 <=? r)%Z then low_steps l' (j + 1) (r - (a + 3)) (z + Z.shiftr z j) else low_steps l' (j + 1) r z end.
Fixpoint high_steps (l : list Z) (j r z : Z) : Z * Z :=
  match l with [] => (r, z) | a :: l' => if (a <=? r)%Z then high_steps l' (j + 1) (r - a) (z - Z.shiftr (- z) j) else high_steps l' (j + 1) r z end.
Lemma opposite_real a k : IZR a * / 2 ^ k <= - IZR (Z.shiftr (- a) (Z.of_nat k)).
Proof. assert (H := shiftr_real (- a) k). rewrite opp_IZR in H. lra. Qed.
Lemma left_real a b : exp (IZR (a - b) / fine) = exp (IZR a / fine) * / exp (IZR b / fine).
Proof. rewrite minus_IZR. unfold Rdiv. rewrite Rmult_minus_distr_r. unfold Rminus. rewrite exp_plus, exp_Ropp. reflexivity. Qed.
Lemma low_steps_ok : forall l k r z, enclosed k l -> 0 <= IZR z ->
  0 <= IZR (snd (low_steps l (Z.of_nat k) r z)) /\ IZR (snd (low_steps l (Z.of_nat k) r z)) * exp (IZR (fst (low_steps l (Z.of_nat k) r z)) / fine) <= IZR z * exp (IZR r / fine).
Proof.
  induction l as [|a l IH]; intros k r z E Hz; cbn [low_steps fst snd]; [split; [auto|right; reflexivity]|]. destruct E as [E E']. replace (Z.of_nat k + 1)%Z with (Z.of_nat (S k)) by lia.
  destruct (a + 3 <=? r)%Z; [|apply IH; auto]. assert (Z1 : 0 <= IZR (z + Z.shiftr z (Z.of_nat k))).
  { rewrite plus_IZR. assert (0 <= IZR (Z.shiftr z (Z.of_nat k))) by (apply (IZR_le 0), shiftr_at_least_0; [lia|apply le_IZR; auto]). lra. }
  destruct (IH (S k) (r - (a + 3))%Z _ E' Z1) as [A B]. split; auto. apply Rle_trans with (1 := B). rewrite left_real. set (x := exp (IZR r / fine)). set (y := exp (IZR (a + 3) / fine)) in *.
  assert (X : 0 < x) by apply exp_pos. assert (Y : 0 < y) by apply exp_pos. rewrite <- Rmult_assoc. apply Rmult_le_reg_r with y; auto. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  replace (IZR z * x * y) with (IZR z * y * x) by ring. apply Rmult_le_compat_r; [lra|]. rewrite plus_IZR. assert (S := shiftr_real z k). apply Rle_trans with (IZR z * (1 + / 2 ^ k)); [lra|]. apply Rmult_le_compat_l; lra.
Qed.
Lemma high_steps_ok : forall l k r z, enclosed k l -> 0 <= IZR z ->
  0 <= IZR (snd (high_steps l (Z.of_nat k) r z)) /\ IZR z * exp (IZR r / fine) <= IZR (snd (high_steps l (Z.of_nat k) r z)) * exp (IZR (fst (high_steps l (Z.of_nat k) r z)) / fine).
Proof.
  induction l as [|a l IH]; intros k r z E Hz; cbn [high_steps fst snd]; [split; [auto|right; reflexivity]|]. destruct E as [E E']. replace (Z.of_nat k + 1)%Z with (Z.of_nat (S k)) by lia.
  destruct (a <=? r)%Z; [|apply IH; auto]. assert (S := opposite_real z k). assert (P : 0 <= / 2 ^ k) by (apply Rlt_le, Rinv_0_lt_compat, pow_lt; lra). assert (Q := Rmult_le_pos _ _ Hz P).
  assert (Z1 : 0 <= IZR (z - Z.shiftr (- z) (Z.of_nat k))) by (rewrite minus_IZR; lra).
  destruct (IH (Datatypes.S k) (r - a)%Z _ E' Z1) as [A B]. split; auto. apply Rle_trans with (2 := B). rewrite left_real. set (x := exp (IZR r / fine)). set (y := exp (IZR a / fine)) in *.
  assert (X : 0 < x) by apply exp_pos. assert (Y : 0 < y) by apply exp_pos. rewrite <- Rmult_assoc. apply Rmult_le_reg_r with y; auto. rewrite (Rmult_assoc (_ * x)), Rinv_l, Rmult_1_r by lra.
  replace (IZR z * x * y) with (IZR z * y * x) by ring. apply Rmult_le_compat_r; [lra|]. rewrite minus_IZR. apply Rle_trans with (IZR z * (1 + / 2 ^ k)); [apply Rmult_le_compat_l; lra|lra].
Qed.
Lemma exp_times k x : exp (INR k * x) = exp x ^ k.
Proof. induction k as [|k IH]; [simpl; rewrite Rmult_0_l; apply exp_0|]. rewrite S_INR, Rmult_plus_distr_r, Rmult_1_l, exp_plus, IH. cbn [pow]. ring. Qed.
Lemma two_low a n : exp (IZR a / fine) <= 2 <= exp (IZR (a + 3) / fine) -> powerRZ 2 n <= exp (IZR (n * (if (0 <=? n)%Z then a + 3 else a)) / fine).
Proof.
  intros [A B]. rewrite mult_IZR. unfold Rdiv. rewrite Rmult_assoc. destruct n as [|p|p]; cbn [Z.leb Z.compare powerRZ].
  - rewrite Rmult_0_l, exp_0. lra.
  - rewrite <- (positive_nat_Z p), <- (INR_IZR_INZ (Pos.to_nat p)), exp_times. apply pow_incr. split; [lra|exact B].
  - change (Zneg p) with (- Zpos p)%Z. rewrite opp_IZR, Ropp_mult_distr_l_reverse, exp_Ropp, <- (positive_nat_Z p), <- (INR_IZR_INZ (Pos.to_nat p)), exp_times. apply Rinv_le_contravar; [apply pow_lt, exp_pos|]. apply pow_incr.
    split; [apply Rlt_le, exp_pos|exact A].
Qed.
Lemma two_high a n : exp (IZR a / fine) <= 2 <= exp (IZR (a + 3) / fine) -> exp (IZR (n * (if (0 <=? n)%Z then a else a + 3)) / fine) <= powerRZ 2 n.
Proof.
  intros [A B]. rewrite mult_IZR. unfold Rdiv. rewrite Rmult_assoc. destruct n as [|p|p]; cbn [Z.leb Z.compare powerRZ].
  - rewrite Rmult_0_l, exp_0. lra.
  - rewrite <- (positive_nat_Z p), <- (INR_IZR_INZ (Pos.to_nat p)), exp_times. apply pow_incr. split; [apply Rlt_le, exp_pos|exact A].
  - change (Zneg p) with (- Zpos p)%Z. rewrite opp_IZR, Ropp_mult_distr_l_reverse, exp_Ropp, <- (positive_nat_Z p), <- (INR_IZR_INZ (Pos.to_nat p)), exp_times. apply Rinv_le_contravar; [apply pow_lt; lra|]. apply pow_incr. split; [lra|exact B].
Qed.
(* how many places to leave out, for numbers of about the size of x: less than 2^-6 is lost in all *)
Definition dropped (x : Z) : nat := Z.to_nat (Z.min (Z.div precision 2) (precision - Z.log2 x - 8)).
(* any n is right; this makes r small and not negative: n times 2^16 ln 2, which is between 45426 and 45427, is at most x *)
Definition power_of (x : Z) : Z := let y := Z.shiftr x 240 in (y / (if (0 <=? y)%Z then 45427 else 45426))%Z.
Definition low_of (q : Q) : Z :=
  match logs with
  | [] => 0
  | two :: l =>
      let x := down (Z.shiftl (Qnum q) 256) (Zpos (Qden q)) in let n := power_of x in
      let (r, z) := low_steps l 1 (x - n * (if (0 <=? n)%Z then two + 3 else two)) unit in
      let s := Z.shiftr (Z.shiftl r precision) 256 in
      if (0 <=? s)%Z then let k := dropped s in Z.shiftl (z + low_product k 0 z (low_series k s)) n else 0
  end.
Definition high_of (q : Q) : option Z :=
  match logs with
  | [] => None
  | two :: l =>
      let x := up (Z.shiftl (Qnum q) 256) (Zpos (Qden q)) in let n := power_of x in
      let (r, z) := high_steps l 1 (x - n * (if (0 <=? n)%Z then two else two + 3)) unit in
      let s := (- Z.shiftr (- Z.shiftl r precision) 256)%Z in
      if (0 <=? s)%Z && (s <=? unit)%Z then let k := dropped s in Some (- Z.shiftl (- (z + high_product k 0 z (high_series k s))) n)%Z else None
  end.
Lemma Q2R_quotient q : Q2R q = IZR (Qnum q) / IZR (Zpos (Qden q)).
Proof. reflexivity. Qed.
Lemma exp_opposite x : exp x = / exp (- x).
Proof. rewrite exp_Ropp, Rinv_inv. reflexivity. Qed.
Lemma exp_le x y : x <= y -> exp x <= exp y.
Proof. intros [H|H]; [left; apply exp_increasing; auto|right; f_equal; auto]. Qed.
Lemma fine_share a : IZR (Z.shiftl a 256) = IZR a * fine.
Proof. rewrite shiftl_power by discriminate. rewrite mult_IZR. reflexivity. Qed.
Lemma fine_down a : IZR (Z.shiftr a 256) <= IZR a / fine.
Proof. change 256%Z with (Z.of_nat 256). assert (H := shiftr_real a 256). rewrite pow_IZR in H. exact H. Qed.
Lemma unit_share a : IZR (Z.shiftl a precision) = IZR a * one_unit.
Proof. rewrite shiftl_power by discriminate. rewrite mult_IZR. reflexivity. Qed.
Lemma low_of_ok q : real_of (low_of q) <= exp (Q2R q).
Proof.
  assert (U := one_unit_pos). assert (F := fine_pos). unfold low_of. assert (L := logs_enclosed). destruct logs as [|two l]; [unfold Enclosure.real_of, Rdiv; rewrite Rmult_0_l; apply Rlt_le, exp_pos|].
  destruct L as [T L]. cbn [pow] in T. replace (1 + / 1) with 2 in T by field. set (x := down _ _). set (n := power_of x). assert (X : IZR x / fine <= Q2R q).
  { rewrite Q2R_quotient. assert (D := down_ok (Z.shiftl (Qnum q) 256) (Zpos (Qden q)) eq_refl). fold x in D. rewrite fine_share in D. apply Rmult_le_reg_r with fine; auto. unfold Rdiv in *. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    apply Rle_trans with (1 := D). right. ring. }
  assert (N := two_low two n T). set (c := (n * _)%Z) in *. assert (S := low_steps_ok _ 1 (x - c) unit L (Rlt_le _ _ U)). change (Z.of_nat 1) with 1%Z in S.
  destruct (low_steps _ _ _ _) as [r z]. cbn [fst snd] in S. destruct S as [Z0 S]. fold one_unit in S. rewrite left_real in S.
  set (s := Z.shiftr _ 256). destruct (0 <=? s)%Z eqn:S0; [apply Z.leb_le in S0|unfold Enclosure.real_of, Rdiv; rewrite Rmult_0_l; apply Rlt_le, exp_pos].
  apply Rle_trans with (2 := exp_le _ _ X). set (v := exp (IZR x / fine)) in *. apply Rmult_le_reg_r with one_unit; auto. unfold Enclosure.real_of, Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  apply Rle_trans with (1 := shift_real _ _). set (w := exp (IZR c / fine)) in *. assert (W : 0 < w) by apply exp_pos. assert (V : 0 < v) by apply exp_pos.
  assert (P : 0 < powerRZ 2 n) by (apply powerRZ_lt; lra). set (k := dropped s). cbv zeta. assert (E : IZR (z + low_product k 0 z (low_series k s)) <= one_unit * (v * / w)).
  { destruct (low_series_ok places k s S0) as [P0 P1]. destruct (low_product_ok places k 0 z _ (le_IZR 0 z Z0) P0) as [_ B]. apply Rle_trans with (2 := S). rewrite plus_IZR.
    apply Rle_trans with (IZR z * real_of (unit + low_series k s)).
    { unfold Enclosure.real_of. rewrite plus_IZR. fold one_unit. replace (IZR z * ((one_unit + IZR (low_series k s)) / one_unit)) with (IZR z + IZR z * IZR (low_series k s) / one_unit) by (field; lra). lra. }
    apply Rmult_le_compat_l; auto. apply Rle_trans with (1 := P1). apply exp_le. assert (D := fine_down (Z.shiftl r precision)). fold s in D. rewrite unit_share in D.
    apply Rmult_le_reg_r with one_unit; auto. unfold Enclosure.real_of, Rdiv in *. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. lra. }
  apply Rle_trans with (one_unit * (v * / w) * powerRZ 2 n); [apply Rmult_le_compat_r; lra|]. replace (v * one_unit) with (one_unit * (v * / w) * w) by (field; lra). apply Rmult_le_compat_l; auto.
  apply Rlt_le, Rmult_lt_0_compat; auto. apply Rmult_lt_0_compat; auto. apply Rinv_0_lt_compat; auto.
Qed.
Lemma some_equal (a b : Z) : Some a = Some b -> a = b.
Proof. congruence. Qed.
Lemma high_of_ok q z : high_of q = Some z -> exp (Q2R q) <= real_of z.
Proof.
  assert (U := one_unit_pos). assert (F := fine_pos). unfold high_of. assert (L := logs_enclosed). destruct logs as [|two l]; [discriminate|].
  destruct L as [T L]. cbn [pow] in T. replace (1 + / 1) with 2 in T by field. set (x := up _ _). set (n := power_of x). assert (X : Q2R q <= IZR x / fine).
  { rewrite Q2R_quotient. assert (D := up_ok (Z.shiftl (Qnum q) 256) (Zpos (Qden q)) eq_refl). fold x in D. rewrite fine_share in D. apply Rmult_le_reg_r with fine; auto. unfold Rdiv in *. rewrite (Rmult_assoc (IZR x)), Rinv_l, Rmult_1_r by lra.
    apply Rle_trans with (2 := D). right. ring. }
  assert (N := two_high two n T). set (c := (n * _)%Z) in *. assert (S := high_steps_ok _ 1 (x - c) unit L (Rlt_le _ _ U)). change (Z.of_nat 1) with 1%Z in S.
  destruct (high_steps _ _ _ _) as [r y]. cbn [fst snd] in S. destruct S as [Z0 S]. fold one_unit in S. rewrite left_real in S. set (s := (- _)%Z).
  destruct (0 <=? s)%Z eqn:S0; [|discriminate]. destruct (s <=? unit)%Z eqn:S1; [|discriminate]. cbn [andb]. intros Q. apply some_equal in Q. subst z. apply Z.leb_le in S0, S1.
  apply Rle_trans with (1 := exp_le _ _ X). set (v := exp (IZR x / fine)) in *. apply Rmult_le_reg_r with one_unit; auto. unfold Enclosure.real_of, Rdiv. rewrite (Rmult_assoc (IZR _)), Rinv_l, Rmult_1_r by lra.
  set (k := dropped s). set (e := (y + high_product k 0 y (high_series k s))%Z). rewrite opp_IZR. assert (H := shift_real (- e) n). rewrite opp_IZR in H. assert (E2 : IZR e * powerRZ 2 n <= - IZR (Z.shiftl (- e) n)) by lra. apply Rle_trans with (2 := E2).
  set (w := exp (IZR c / fine)) in *. assert (W : 0 < w) by apply exp_pos. assert (V : 0 < v) by apply exp_pos.
  assert (E : one_unit * (v * / w) <= IZR e).
  { destruct (high_series_ok places k s (conj S0 S1)) as [P0 P1]. assert (B := high_product_ok places k 0 y _ (le_IZR 0 y Z0) P0). apply Rle_trans with (1 := S).
    apply Rle_trans with (IZR y * real_of (unit + high_series k s)).
    2: { unfold e. rewrite plus_IZR. unfold Enclosure.real_of. rewrite plus_IZR. fold one_unit. replace (IZR y * ((one_unit + IZR (high_series k s)) / one_unit)) with (IZR y + IZR y * IZR (high_series k s) / one_unit) by (field; lra). lra. }
    apply Rmult_le_compat_l; auto.
    assert (R0 : IZR r / fine <= IZR s / one_unit).
    { unfold s. rewrite opp_IZR. assert (D := fine_down (- Z.shiftl r precision)). rewrite opp_IZR, unit_share in D. apply Rmult_le_reg_r with one_unit; auto. unfold Rdiv in *. rewrite (Rmult_assoc (- _)), Rinv_l, Rmult_1_r by lra. lra. }
    apply Rle_trans with (1 := exp_le _ _ R0). exact P1. }
  assert (P : 0 < powerRZ 2 n) by (apply powerRZ_lt; lra). apply Rle_trans with (one_unit * (v * / w) * powerRZ 2 n); [|apply Rmult_le_compat_r; lra]. replace (v * one_unit) with (one_unit * (v * / w) * w) by (field; lra).
  apply Rmult_le_compat_l; auto. apply Rlt_le, Rmult_lt_0_compat; auto. apply Rmult_lt_0_compat; auto. apply Rinv_0_lt_compat; auto.
Qed.

(* beyond this, numbers would be too long: 0 and e^(-most) are bounds enough on the left, none is given on the right *)
Definition most : Q := 1024.
Definition exp_low (q : Q) : Z := if Qle_bool q (- most) then 0%Z else if Qle_bool q most then low_of q else 0%Z.
Definition exp_high (q : Q) : option Z := if Qle_bool q (- most) then high_of (- most) else if Qle_bool q most then high_of q else None.
Theorem exp_low_ok q : real_of (exp_low q) <= exp (Q2R q).
Proof.
  unfold exp_low. assert (Z : real_of 0 <= exp (Q2R q)) by (assert (P := exp_pos (Q2R q)); unfold real_of, Rdiv; rewrite Rmult_0_l; lra).
  destruct (Qle_bool q (- most)); [exact Z|]. destruct (Qle_bool q most); [apply low_of_ok|exact Z].
Qed.
Theorem exp_high_ok q z : exp_high q = Some z -> exp (Q2R q) <= real_of z.
Proof.
  unfold exp_high. destruct (Qle_bool q (- most)) eqn:E; [|destruct (Qle_bool q most); [apply high_of_ok|discriminate]]. intros H. apply Rle_trans with (2 := high_of_ok _ _ H).
  apply Qle_bool_iff, Qle_Rle in E. destruct E as [E|E]; [left; apply exp_increasing; auto|right; f_equal; auto].
Qed.

(* ---- logarithms of sums of exponentials: u on which side of ln (sum e^f), both shifted ---- *)
Definition minus_ (a b : Q) : Q := sub Qops a b.
Fixpoint sum_low (m : Q) (fs : list Q) : Z := match fs with [] => 0 | f :: fs' => exp_low (minus_ f m) + sum_low m fs' end.
Fixpoint sum_high (m : Q) (fs : list Q) : option Z :=
  match fs with [] => Some 0%Z | f :: fs' => match exp_high (minus_ f m), sum_high m fs' with Some a, Some b => Some (a + b)%Z | _, _ => None end end.
Definition log_sum_at_most (m : Q) (fs : list Q) (u : Q) : bool := match sum_high m fs with Some z => (z <=? exp_low (minus_ u m))%Z | None => false end.
Definition log_sum_at_least (m : Q) (fs : list Q) (u : Q) : bool := match exp_high (minus_ u m) with Some z => (z <=? sum_low m fs)%Z | None => false end.
Fixpoint exps (u : list R) : R := match u with [] => 0 | a :: u' => exp a + exps u' end.
Lemma minus_ok a b : Q2R (minus_ a b) = Q2R a - Q2R b.
Proof. apply (toR_sub QR). Qed.
Lemma real_of_add a b : real_of (a + b) = real_of a + real_of b.
Proof. unfold real_of. rewrite plus_IZR. assert (U := one_unit_pos). field. lra. Qed.
Lemma sum_low_ok m fs : real_of (sum_low m fs) <= exp (- Q2R m) * exps (map Q2R fs).
Proof.
  induction fs as [|f fs IH]; cbn [sum_low map exps]; [unfold real_of, Rdiv; rewrite Rmult_0_l, Rmult_0_r; lra|]. rewrite real_of_add. assert (A := exp_low_ok (minus_ f m)).
  rewrite minus_ok in A. unfold Rminus in A. rewrite exp_plus in A. lra.
Qed.
Lemma sum_high_ok m : forall fs z, sum_high m fs = Some z -> exp (- Q2R m) * exps (map Q2R fs) <= real_of z.
Proof.
  induction fs as [|f fs IH]; intros z H; cbn [sum_high map exps] in *; [inversion H; unfold real_of, Rdiv; rewrite Rmult_0_l, Rmult_0_r; lra|].
  destruct (exp_high _) as [a|] eqn:E; [|discriminate]. destruct (sum_high m fs) as [b|]; [|discriminate]. inversion H; subst z. rewrite real_of_add. apply exp_high_ok in E.
  rewrite minus_ok in E. unfold Rminus in E. rewrite exp_plus in E. specialize (IH b eq_refl). lra.
Qed.
Lemma exps_nonnegative fs : 0 <= exps fs.
Proof. induction fs as [|f fs IH]; simpl; [lra|]. assert (P := exp_pos f). lra. Qed.
Lemma exps_positive fs : fs <> [] -> 0 < exps fs.
Proof. destruct fs as [|f fs]; [congruence|]. intros _. simpl. assert (P := exp_pos f). assert (Q := exps_nonnegative fs). lra. Qed.
Theorem log_sum_at_most_ok m fs u : fs <> [] -> log_sum_at_most m fs u = true -> ln (exps (map Q2R fs)) <= Q2R u.
Proof.
  unfold log_sum_at_most. intros N H. destruct (sum_high m fs) as [z|] eqn:E; [|discriminate]. apply Z.leb_le, real_of_le in H. apply sum_high_ok in E. assert (A := exp_low_ok (minus_ u m)).
  rewrite minus_ok in A. unfold Rminus in A. rewrite Rplus_comm, exp_plus in A. assert (P := exp_pos (- Q2R m)).
  assert (B : exps (map Q2R fs) <= exp (Q2R u)) by (apply Rmult_le_reg_l with (exp (- Q2R m)); auto; lra).
  assert (S : 0 < exps (map Q2R fs)) by (apply exps_positive; destruct fs; [congruence|discriminate]).
  rewrite <- (ln_exp (Q2R u)). destruct B as [B|B]; [left; apply ln_increasing; auto|right; f_equal; auto].
Qed.
Theorem log_sum_at_least_ok m fs u : fs <> [] -> log_sum_at_least m fs u = true -> Q2R u <= ln (exps (map Q2R fs)).
Proof.
  unfold log_sum_at_least. intros N H. destruct (exp_high (minus_ u m)) as [z|] eqn:E; [|discriminate]. apply Z.leb_le, real_of_le in H. apply exp_high_ok in E. assert (A := sum_low_ok m fs).
  rewrite minus_ok in E. unfold Rminus in E. rewrite Rplus_comm, exp_plus in E. assert (P := exp_pos (- Q2R m)).
  assert (B : exp (Q2R u) <= exps (map Q2R fs)) by (apply Rmult_le_reg_l with (exp (- Q2R m)); auto; lra). assert (Q := exp_pos (Q2R u)).
  rewrite <- (ln_exp (Q2R u)). destruct B as [B|B]; [left; apply ln_increasing; auto|right; f_equal; auto].
Qed.
(* a rational number and an integer over 2^places; a power of 2 that is a factor comes first, as then it costs nothing *)
Definition at_most (x : Q) (z : Z) : bool := Z.leb (unit * Qnum x) (mulz z (Zpos (Qden x))).
Definition at_least (x : Q) (z : Z) : bool := Z.leb (mulz z (Zpos (Qden x))) (unit * Qnum x).
Lemma compared x z : IZR (unit * Qnum x) - IZR (mulz z (Zpos (Qden x))) = one_unit * IZR (Zpos (Qden x)) * (Q2R x - real_of z) /\ 0 < one_unit * IZR (Zpos (Qden x)).
Proof.
  assert (U := one_unit_pos). assert (D : 0 < IZR (Zpos (Qden x))) by (apply (IZR_lt 0); reflexivity). split; [|apply Rmult_lt_0_compat; auto].
  rewrite mulz_ok, !mult_IZR. unfold Enclosure.real_of. fold one_unit. rewrite Q2R_quotient. field. lra.
Qed.
Lemma at_most_ok x z : at_most x z = true -> Q2R x <= real_of z.
Proof.
  unfold at_most. intros H. apply Z.leb_le, IZR_le in H. destruct (compared x z) as [E P]. apply Rmult_le_reg_l with (1 := P). rewrite Rmult_minus_distr_l in E. lra.
Qed.
Lemma at_least_ok x z : at_least x z = true -> real_of z <= Q2R x.
Proof.
  unfold at_least. intros H. apply Z.leb_le, IZR_le in H. destruct (compared x z) as [E P]. apply Rmult_le_reg_l with (1 := P). rewrite Rmult_minus_distr_l in E. lra.
Qed.
(* ln x <= u for a rational x *)
Definition log_at_most (x u : Q) : bool :=
  if Qle_bool 0 u then at_most x (exp_low u) else match exp_high (- u) with Some z => Z.leb (mulz (Qnum x) z) (unit * Zpos (Qden x)) | None => false end.
Theorem log_at_most_ok x u : 0 < Q2R x -> log_at_most x u = true -> ln (Q2R x) <= Q2R u.
Proof.
  intros P H. unfold log_at_most in H. assert (U := one_unit_pos).
  assert (B : Q2R x <= exp (Q2R u)).
  { destruct (Qle_bool 0 u); [apply at_most_ok in H; apply Rle_trans with (1 := H), exp_low_ok|]. destruct (exp_high (- u)) as [z|] eqn:E; [|discriminate]. apply exp_high_ok in E. rewrite Q2R_opp in E.
    apply Z.leb_le, IZR_le in H. rewrite mulz_ok, !mult_IZR in H. fold one_unit in H. assert (D : 0 < IZR (Zpos (Qden x))) by (apply (IZR_lt 0); reflexivity).
    assert (E' := exp_pos (- Q2R u)). rewrite exp_opposite. apply Rmult_le_reg_r with (exp (- Q2R u)); auto. rewrite Rinv_l by lra.
    apply Rle_trans with (Q2R x * real_of z); [apply Rmult_le_compat_l; lra|]. apply Rmult_le_reg_r with (one_unit * IZR (Zpos (Qden x))); [apply Rmult_lt_0_compat; auto|].
    replace (Q2R x * real_of z * (one_unit * IZR (Zpos (Qden x)))) with (IZR (Qnum x) * IZR z) by (unfold Enclosure.real_of; rewrite Q2R_quotient; field; lra). lra. }
  rewrite <- (ln_exp (Q2R u)). destruct B as [B|B]; [left; apply ln_increasing; auto|right; f_equal; auto].
Qed.
End Steps.
