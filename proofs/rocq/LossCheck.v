(* Losses for the checkers: squared (in InteriorCheck.v) and Huber. *)
Require Import Reals List Lra Lia Bool.
From Symverify Require Import Spec Losses InteriorMinimum Numbers InteriorCheck.
Import ListNotations.
Open Scope R_scope.

Section Huber.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Variables half d : t.
Fixpoint sum2T (f : t -> t -> t) (u y : list t) : t := match u, y with a :: u', b :: y' => f a b +! sum2T f u' y' | _, _ => z0 end.
Lemma sum2T_ok f F : (forall a b, r (f a b) = F (r a) (r b)) -> forall u y, r (sum2T f u y) = sum2 F (rv KR u) (rv KR y).
Proof. intros H. induction u; intros [|b y]; simpl; try apply toR_zero. rewrite toR_add, H, IHu. reflexivity. Qed.
Definition huber1T (a y : t) : t :=
  let e := a -! y in
  if leb K e (z0 -! d) then (z0 -! d *! e) -! half *! (d *! d) else if leb K d e then d *! e -! half *! (d *! d) else half *! (e *! e).
Definition huber1T' (a y : t) : t :=
  let e := a -! y in if leb K e (z0 -! d) then z0 -! d else if leb K d e then d else e.
Hypothesis half_ok : r half = / 2.
Hypothesis d_ok : 0 < r d.
Lemma leb_dec a b (X : Type) (x y : X) : (if leb K a b then x else y) = if Rle_dec (r a) (r b) then x else y.
Proof.
  destruct (leb K a b) eqn:E, (Rle_dec (r a) (r b)) as [L|L]; auto.
  - apply (leb_ok KR) in E. contradiction.
  - apply (leb_ok KR) in L. congruence.
Qed.
Lemma huber_ok : means KR (sum2T huber1T) (map2 huber1T') (huber (r d) d_ok).
Proof.
  split.
  - intros u y. apply sum2T_ok. intros a b. unfold huber1T, huber1. rewrite !leb_dec, !toR_sub, toR_zero, Rminus_0_l.
    destruct (Rle_dec _ _); [|destruct (Rle_dec _ _)]; rewrite ?toR_sub, ?toR_mul, ?toR_sub, ?toR_zero, half_ok; field.
  - intros u y. apply map2_ok. intros a b. unfold huber1T', huber1'. rewrite !leb_dec, !toR_sub, toR_zero, Rminus_0_l.
    destruct (Rle_dec _ _); [|destruct (Rle_dec _ _)]; rewrite ?toR_sub, ?toR_zero; ring.
Qed.
End Huber.
