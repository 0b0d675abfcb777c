(* Losses for the checkers: squared (in InteriorCheck.v), Huber; absolute, quantile, hinge; linear. *)
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

Section Bent.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
(* low below the label, high above it; two slopes *)
Definition bent1T (low high a y : t) : t := let e := a -! y in if leb K a y then low *! e else high *! e.
Definition belowT (low high a y : t) : t := if leb K a y then low else high.
Definition aboveT (low high a y : t) : t := if leb K y a then high else low.
Definition hinge1T (a y : t) : t := let e := one K -! y *! a in if leb K z0 e then e else z0.
Definition innerT (a y : t) : t := if leb K z0 (one K -! y *! a) then z0 -! y else z0.
Definition outerT (a y : t) : t := if leb K (one K -! y *! a) z0 then z0 else z0 -! y.
Definition linearT (u y : list t) : t := dotT K y u.
Lemma bent1T_ok low high a y : r (bent1T low high a y) = if Rle_dec (r a) (r y) then r low * (r a - r y) else r high * (r a - r y).
Proof. unfold bent1T. rewrite (leb_dec K KR). destruct (Rle_dec _ _); rewrite toR_mul, toR_sub; auto. Qed.
Lemma belowT_ok low high a y : r (belowT low high a y) = below (r low) (r high) (r a) (r y).
Proof. unfold belowT, below. rewrite (leb_dec K KR). destruct (Rle_dec _ _); auto. Qed.
Lemma aboveT_ok low high a y : r (aboveT low high a y) = above (r low) (r high) (r a) (r y).
Proof. unfold aboveT, above. rewrite (leb_dec K KR). destruct (Rle_dec _ _); auto. Qed.
Definition minus1 : t := z0 -! one K.
Lemma minus1_ok : r minus1 = -1.
Proof. unfold minus1. rewrite toR_sub, toR_zero, toR_one. ring. Qed.
Lemma absolute_ok : means KR (sum2T K (bent1T minus1 (one K))) (map2 (belowT minus1 (one K))) absolute_loss.
Proof.
  split; intros u y; [apply (sum2T_ok K KR)|apply map2_ok]; intros a b.
  - rewrite bent1T_ok, minus1_ok, toR_one. unfold absolute1, Rabs. destruct (Rle_dec _ _), (Rcase_abs _); lra.
  - rewrite belowT_ok, minus1_ok, toR_one. auto.
Qed.
Lemma quantile_ok tau : means KR (sum2T K (bent1T (z0 -! tau) (one K -! tau))) (map2 (belowT (z0 -! tau) (one K -! tau))) (quantile_loss (r tau)).
Proof.
  split; intros u y; [apply (sum2T_ok K KR)|apply map2_ok]; intros a b.
  - rewrite bent1T_ok, !toR_sub, toR_zero, toR_one. unfold quantile1. destruct (Rle_dec _ _); ring.
  - rewrite belowT_ok, !toR_sub, toR_zero, toR_one, Rminus_0_l. auto.
Qed.
Lemma hinge_ok : means KR (sum2T K hinge1T) (map2 innerT) hinge_loss.
Proof.
  split; intros u y; [apply (sum2T_ok K KR)|apply map2_ok]; intros a b; unfold hinge1T, innerT; rewrite (leb_dec K KR), toR_zero, toR_sub, toR_one, toR_mul.
  - unfold hinge1. destruct (Rle_dec _ _); [rewrite toR_sub, toR_one, toR_mul, Rmax_right; auto|rewrite toR_zero, Rmax_left; lra].
  - unfold inner. destruct (Rle_dec _ _); [rewrite toR_sub, toR_zero; ring|apply toR_zero].
Qed.
Lemma linear_ok : means KR linearT (fun _ y => y) linear_loss.
Proof. split; intros u y; [apply dotT_ok|reflexivity]. Qed.
(* the other slopes of absolute and quantile loss, and of hinge loss *)
Lemma outerT_ok a y : r (outerT a y) = outer (r a) (r y).
Proof.
  unfold outerT, outer. rewrite (leb_dec K KR), toR_zero, toR_sub, toR_one, toR_mul. destruct (Rle_dec _ _); [apply toR_zero|rewrite toR_sub, toR_zero; ring].
Qed.
End Bent.
