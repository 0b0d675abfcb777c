(* For the bound over the integers: dividing by the gcd; keeping the minimal masks. *)
Require Import Reals ZArith List Lra Lia Bool NArith.
From Symverify Require Import Spec InteriorMinimum Numbers InteriorCheck Bound.
Import ListNotations.
Open Scope R_scope.

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
(* masks: keep the minimal ones *)
Definition sub_mask (a b : N) : bool := (N.land a b =? a)%N.
Lemma sub_mask_ok a b : sub_mask a b = true -> forall k, N.testbit a k = true -> N.testbit b k = true.
Proof. unfold sub_mask. intros H k E. apply N.eqb_eq in H. rewrite <- H, N.land_spec in E. apply andb_prop in E. tauto. Qed.
Definition insert (b : N) (B : list N) : list N :=
  if existsb (fun a => sub_mask a b) B then B else b :: filter (fun a => negb (sub_mask b a)) B.
Definition prune (B : list N) : list N := fold_right insert [] B.
Lemma insert_def b B : insert b B = if existsb (fun a => sub_mask a b) B then B else b :: filter (fun a => negb (sub_mask b a)) B.
Proof. reflexivity. Qed.
Lemma prune_ok : forall B b, In b B -> exists b', In b' (prune B) /\ forall k, N.testbit b' k = true -> N.testbit b k = true.
Proof.
  induction B as [|c B IH]; intros b H; [destruct H|]. simpl prune. rewrite insert_def.
  assert (X : forall b', In b' (prune B) -> exists b'', In b'' (if existsb (fun a => sub_mask a c) (prune B) then prune B else c :: filter (fun a => negb (sub_mask c a)) (prune B)) /\ forall k, N.testbit b'' k = true -> N.testbit b' k = true).
  { intros b' Hb. destruct (existsb _ _); [exists b'; auto|]. destruct (sub_mask c b') eqn:E.
    - exists c. split; [left; auto|]. apply sub_mask_ok; auto.
    - exists b'. split; auto. right. apply filter_In. rewrite E. auto. }
  destruct H as [<-|H].
  - destruct (existsb (fun a => sub_mask a c) (prune B)) eqn:E.
    + apply existsb_exists in E. destruct E as (a & Ha & E). exists a. split; auto. apply sub_mask_ok; auto.
    + exists c. split; [left; auto|auto].
  - destruct (IH b H) as (b' & H1 & H2). destruct (X b' H1) as (b'' & H3 & H4). exists b''. split; auto.
Qed.
