(* A polynomial that is not 0 has no more roots than its degree. *)
Require Import Reals List Lra Lia.
From Symverify Require Import Spec LinearAlgebra.
Import ListNotations.
Open Scope R_scope.

Lemma pev_vadd x : forall p q, pev (vadd p q) x = pev p x + pev q x.
Proof. induction p as [|a p IH]; intros q; simpl; [ring|]. destruct q as [|b q]; simpl; [ring|]. rewrite IH. ring. Qed.
Lemma pev_scale k x : forall p, pev (map (Rmult k) p) x = k * pev p x.
Proof. induction p as [|a p IH]; simpl; [ring|]. rewrite IH. ring. Qed.
(* (p(x) - p(x0)) / (x - x0) *)
Fixpoint quotient (x0 : R) (p : list R) : list R := match p with [] => [] | a :: p1 => vadd p1 (map (Rmult x0) (quotient x0 p1)) end.
Lemma quotient_ok x0 x : forall p, pev p x - pev p x0 = (x - x0) * pev (quotient x0 p) x.
Proof.
  induction p as [|a p IH]; simpl; [ring|]. rewrite pev_vadd, pev_scale.
  replace ((x - x0) * (pev p x + x0 * pev (quotient x0 p) x)) with ((x - x0) * pev p x + x0 * ((x - x0) * pev (quotient x0 p) x)) by ring. rewrite <- IH. ring.
Qed.
Lemma vadd_last b : forall u v, (length v <= length u)%nat -> exists u', length u' = length u /\ vadd (u ++ [b]) v = u' ++ [b].
Proof.
  induction u as [|a u IH]; intros [|c v] L; simpl in *; try lia.
  - exists []. auto.
  - exists (a :: u). auto.
  - destruct (IH v) as (u' & L' & E); [lia|]. exists (a + c :: u'). simpl. rewrite E. auto.
Qed.
Lemma quotient_last x0 b : forall l n, length l = S n -> exists l', length l' = n /\ quotient x0 (l ++ [b]) = l' ++ [b].
Proof.
  induction l as [|a l IH]; intros n L; [discriminate|]. simpl in L. injection L as L. cbn [app quotient]. destruct l as [|a' l].
  - exists []. auto.
  - destruct n as [|n]; [discriminate|]. destruct (IH n L) as (q & Lq & E). rewrite E.
    destruct (vadd_last b (a' :: l) (map (Rmult x0) (q ++ [b]))) as (u' & L' & E'); [rewrite map_length, app_length; simpl in *; lia|]. exists u'. split; [congruence|auto].
Qed.
Lemma roots b : b <> 0 -> forall n l xs, length l = n -> NoDup xs -> (forall x, In x xs -> pev (l ++ [b]) x = 0) -> (length xs <= n)%nat.
Proof.
  intros Hb. induction n as [|n IH]; intros l [|x0 xs] L ND Z; simpl; try lia.
  - destruct l; [|discriminate]. exfalso. apply Hb. rewrite <- (Z x0 (or_introl eq_refl)). simpl. ring.
  - destruct (quotient_last x0 b l n L) as (l' & L' & E). inversion ND; subst. assert (length xs <= length l')%nat; [|lia]. apply (IH l'); auto. intros x Hx.
    assert (Q := quotient_ok x0 x (l ++ [b])). rewrite (Z x (or_intror Hx)), (Z x0 (or_introl eq_refl)), E in Q. assert (N : x - x0 <> 0) by (intros X; assert (x = x0) by lra; subst; contradiction).
    apply Rmult_eq_reg_l with (x - x0); auto. lra.
Qed.
Lemma last_nonzero : forall p, (exists b, In b p /\ b <> 0) -> exists l b z, p = l ++ b :: z /\ b <> 0 /\ forall c, In c z -> c = 0.
Proof.
  induction p as [|c p IH]; intros (b & Hb & N); [destruct Hb|]. destruct (classic_hd p (fun b => b)) as [Z|E].
  - destruct Hb as [<-|Hb]; [exists [], c, p; auto|exfalso; apply N, Z; auto].
  - destruct (IH E) as (l & b' & z & -> & N' & Z). exists (c :: l), b', z. auto.
Qed.
Lemma pev_zeros x : forall l b z, (forall c, In c z -> c = 0) -> pev (l ++ b :: z) x = pev (l ++ [b]) x.
Proof.
  intros l b z Z. induction l as [|a l IH]; simpl; [|rewrite IH; auto]. replace (pev z x) with 0; auto.
  induction z as [|c z IHz]; simpl; auto. rewrite <- IHz by (intros; apply Z; right; auto). rewrite (Z c) by (left; auto). ring.
Qed.
(* a value is taken at finitely many points *)
Theorem taken_finitely a p : (exists b, In b p /\ b <> 0) -> forall xs, NoDup xs -> (forall x x', In x xs -> In x' xs -> pev (a :: p) x = pev (a :: p) x') -> (length xs <= length p)%nat.
Proof.
  intros N xs ND E. destruct xs as [|x0 xs]; [simpl; lia|]. destruct (last_nonzero p N) as (l & b & z & -> & Hb & Z). set (v := pev (a :: l ++ b :: z) x0).
  assert (R0 : (length (x0 :: xs) <= length ((a - v)%R :: l))%nat).
  { apply (roots b Hb _ (a - v :: l)); auto. intros x Hx. cbn [app pev]. specialize (E x x0 Hx (or_introl eq_refl)). fold v in E. cbn [pev] in E. rewrite (pev_zeros x) in E by auto. lra. }
  rewrite app_length. simpl in *. lia.
Qed.
