(* A piecewise linear activation on the cone (z, nu), nu >= 0: nu h(z / nu), and its limit at nu = 0.
   It is linear on the vectors that are on one side of every z = t nu. *)
Require Import Reals List Lra Lia Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck.
Import ListNotations.
Open Scope R_scope.

Fixpoint plin_cone (ps : list (R * R * R)) (last : R * R) (z nu : R) : R :=
  match ps with
  | [] => fst last * z + snd last * nu
  | (t, s, o) :: ps' => if Rle_dec z (t * nu) then s * z + o * nu else plin_cone ps' last z nu
  end.
(* neighbouring pieces agree at the breakpoint between them *)
Fixpoint joined (ps : list (R * R * R)) (last : R * R) : Prop :=
  match ps with [] => True | (t, s, o) :: ps' => plin ps' last t = s * t + o /\ joined ps' last end.
Fixpoint wsum (ls vs : list R) : R := match ls, vs with l :: ls', v :: vs' => l * v + wsum ls' vs' | _, _ => 0 end.

Lemma plin_cone_1 ps last z : plin_cone ps last z 1 = plin ps last z.
Proof. induction ps as [|[[t s] o] ps IH]; simpl; [ring|]. rewrite Rmult_1_r, IH. destruct (Rle_dec z t); ring. Qed.
Lemma plin_cone_scale ps last z nu k : 0 < k -> plin_cone ps last (k * z) (k * nu) = k * plin_cone ps last z nu.
Proof.
  intros H. induction ps as [|[[t s] o] ps IH]; simpl; [ring|]. rewrite IH.
  destruct (Rle_dec (k * z) (t * (k * nu))) as [A|A], (Rle_dec z (t * nu)) as [B|B]; try ring; exfalso; nra.
Qed.
Lemma plin_cone_00 ps last : plin_cone ps last 0 0 = 0.
Proof. induction ps as [|[[t s] o] ps IH]; simpl; [ring|]. rewrite IH. destruct (Rle_dec 0 (t * 0)); ring. Qed.
(* at a breakpoint the later pieces give the same *)
Lemma plin_cone_at ps last t nu v : 0 <= nu -> plin ps last t = v -> plin_cone ps last (t * nu) nu = v * nu.
Proof.
  intros H E. destruct (Req_EM_T nu 0) as [->|N].
  - rewrite Rmult_0_r, plin_cone_00. ring.
  - replace (t * nu) with (nu * t) by ring. replace nu with (nu * 1) at 2 by ring. rewrite plin_cone_scale, plin_cone_1, E by lra. ring.
Qed.
Lemma wsum_lin {I} (A B : I -> R) a b : forall ks rs, wsum ks (map (fun r => a * A r + b * B r) rs) = a * wsum ks (map A rs) + b * wsum ks (map B rs).
Proof. induction ks; intros [|r rs]; simpl; try ring. rewrite IHks. ring. Qed.
Lemma wsum_le0 : forall ls vs, Forall (fun l => 0 <= l) ls -> Forall (fun v => v <= 0) vs -> wsum ls vs <= 0.
Proof. induction ls; intros [|v vs] F H; simpl; try lra. inversion F; inversion H; subst. assert (wsum ls vs <= 0) by auto. nra. Qed.
Lemma wsum_ge0 : forall ls vs, Forall (fun l => 0 <= l) ls -> Forall (fun v => 0 <= v) vs -> 0 <= wsum ls vs.
Proof. induction ls; intros [|v vs] F H; simpl; try lra. inversion F; inversion H; subst. assert (0 <= wsum ls vs) by auto. nra. Qed.

Theorem plin_cone_sum {I} (z nu : I -> R) ks (rs : list I) last : forall ps, joined ps last ->
  (forall r, In r rs -> 0 <= nu r) ->
  (forall t s o, In (t, s, o) ps -> forall r, In r rs ->
     0 <= (wsum ks (map z rs) - t * wsum ks (map nu rs)) * (z r - t * nu r) /\
     (wsum ks (map z rs) - t * wsum ks (map nu rs) = 0 -> z r - t * nu r = 0)) ->
  plin_cone ps last (wsum ks (map z rs)) (wsum ks (map nu rs)) = wsum ks (map (fun r => plin_cone ps last (z r) (nu r)) rs).
Proof.
  set (Z := wsum ks (map z rs)). set (V := wsum ks (map nu rs)).
  induction ps as [|[[t s] o] ps IH]; intros J HN HC; cbn [plin_cone].
  - symmetry. apply wsum_lin.
  - destruct J as [J1 J2]. assert (C := HC t s o (or_introl eq_refl)). destruct (Rle_dec Z (t * V)) as [L|L].
    + rewrite (map_ext_in _ (fun r => s * z r + o * nu r)); [symmetry; apply wsum_lin|]. intros r Hr. destruct (C r Hr) as [C1 C2].
      destruct (Rle_dec (z r) (t * nu r)) as [L'|L']; auto. exfalso. destruct (Req_EM_T (Z - t * V) 0) as [E|E]; [specialize (C2 E); lra|nra].
    + rewrite IH; auto; [|intros t' s' o' Hin; apply (HC t' s' o'); right; auto]. f_equal. apply map_ext_in. intros r Hr. destruct (C r Hr) as [C1 C2].
      destruct (Rle_dec (z r) (t * nu r)) as [L'|L']; auto. assert (E : z r = t * nu r) by nra. rewrite E.
      rewrite (plin_cone_at ps last t (nu r) (s * t + o)); auto. ring.
Qed.

Section Checks.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Definition raps (ps : list (t * t * t)) := map (fun p : t * t * t => (r (fst (fst p)), r (snd (fst p)), r (snd p))) ps.
Definition rlast (last : t * t) := (r (fst last), r (snd last)).
Lemma plinT_ok ps last z : r (plinT K ps last z) = plin (raps ps) (rlast last) (r z).
Proof. exact (evT_ok K KR (ps, last) z). Qed.
Fixpoint joinedT (ps : list (t * t * t)) (last : t * t) : bool :=
  match ps with
  | [] => true
  | p :: ps' => eqb K (plinT K ps' last (fst (fst p))) (snd (fst p) *! fst (fst p) +! snd p) && joinedT ps' last
  end.
Lemma joinedT_ok : forall ps last, joinedT ps last = true -> joined (raps ps) (rlast last).
Proof.
  induction ps as [|p ps IH]; simpl; intros last H; auto. apply andb_prop in H. destruct H as [H1 H2]. split; auto.
  apply (eqb_ok KR) in H1. rewrite plinT_ok, toR_add, toR_mul in H1. exact H1.
Qed.
Fixpoint plin_coneT (ps : list (t * t * t)) (last : t * t) (z nu : t) : t :=
  match ps with
  | [] => fst last *! z +! snd last *! nu
  | p :: ps' => if leb K z (fst (fst p) *! nu) then snd (fst p) *! z +! snd p *! nu else plin_coneT ps' last z nu
  end.
Lemma plin_coneT_ok last z nu : forall ps, r (plin_coneT ps last z nu) = plin_cone (raps ps) (rlast last) (r z) (r nu).
Proof.
  induction ps as [|p ps IH]; simpl; [rewrite toR_add, !toR_mul; auto|].
  destruct (Rle_dec (r z) (r (fst (fst p)) * r nu)) as [L|L]; destruct (leb K z (fst (fst p) *! nu)) eqn:E.
  - rewrite toR_add, !toR_mul. auto.
  - exfalso. rewrite <- toR_mul in L. apply (leb_ok KR) in L. congruence.
  - exfalso. apply L. rewrite <- toR_mul. apply (leb_ok KR). auto.
  - auto.
Qed.
End Checks.
