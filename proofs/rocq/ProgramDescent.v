(* descent for programs: a curve along which the risk falls refutes a local minimum. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck LossCheck ValleyCheck Descent Programs ProgramCheck.
Import ListNotations.
Open Scope R_scope.

Section Descent.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Notation poly := (list t).
Notation ev_p := (ev_p K KR).

(* path: the free parameters along the curve; u: the values so far, as polynomials for all small t > 0 *)
Definition factor_along (path : list poly) (s : slot t) (p : poly) : poly := match s with Free k => pmul K (nth k path []) p | Number a => map (mul K a) p end.
Definition row_along (path u : list poly) (row : list (slot t * nat)) : poly := fold_right (fun e => padd K (factor_along path (fst e) (nth (snd e) u []))) [] row.
Definition node_soon (path u : list poly) (n : node t) : list poly :=
  match n with Affine rows => map (row_along path u) rows | Bend h units => map (fun k => act_soon K (fst h) (snd h) (nth k u [])) units end.
Definition values_soon (path : list poly) (P : list (node t)) (u : list poly) : list poly := fold_left (fun u n => u ++ node_soon path u n) P u.
Definition predicts_soon (P : list (node t)) (outs : list nat) (path : list poly) (x : list t) : list poly :=
  let u := values_soon path P (constants K (one K :: x)) in map (fun k => nth k u []) outs.
Lemma nth_along x k u : nth k (map (ev_p x) u) 0 = ev_p x (nth k u []).
Proof. change 0 with (ev_p x []). apply map_nth. Qed.
Lemma row_along_ok x path u row : row_at (map (ev_p x) path) (map (ev_p x) u) (map (fun e => (r_slot K KR (fst e), snd e)) row) = ev_p x (row_along path u row).
Proof.
  unfold row_at, row_along. induction row as [|[s k] row IH]; [reflexivity|]. cbn [map sum fold_right fst snd]. rewrite (padd_ok K KR), IH, nth_along. f_equal.
  destruct s; cbn [r_slot factor_at factor_along]; [rewrite (pmul_ok K KR), nth_along|rewrite (pscal_ok K KR)]; reflexivity.
Qed.
Lemma node_soon_ok path u n : soon (fun x => node_at (map (ev_p x) path) (map (ev_p x) u) (r_node K KR n) = map (ev_p x) (node_soon path u n)).
Proof.
  destruct n as [rows|h units]; cbn [r_node node_at node_soon].
  - apply soon_always. intros x. rewrite !map_map. apply map_ext. intros row. apply row_along_ok.
  - apply (soon_imp (fun x => forall k, In k units -> ev (ra KR h) (ev_p x (nth k u [])) = ev_p x (act_soon K (fst h) (snd h) (nth k u [])))).
    + intros x _ A. rewrite map_map. apply map_ext_in. intros k Hk. rewrite nth_along. auto.
    + apply soon_all. intros k _. apply (act_soon_ok K KR).
Qed.
Lemma values_soon_ok path : forall P u, soon (fun x => values (map (ev_p x) path) (map (r_node K KR) P) (map (ev_p x) u) = map (ev_p x) (values_soon path P u)).
Proof.
  induction P as [|n P IH]; intros u; [apply soon_always; reflexivity|].
  eapply soon_imp; [|apply soon_and; [exact (node_soon_ok path u n)|exact (IH (u ++ node_soon path u n))]]. cbv beta. intros x _ [A B].
  unfold values, values_soon in *. cbn [map fold_left]. rewrite A, <- map_app. exact B.
Qed.
Lemma predicts_soon_ok P outs path d : soon (fun x => predicts K KR P outs (map (ev_p x) path) (rv d) = map (ev_p x) (predicts_soon P outs path d)).
Proof.
  eapply soon_imp; [|exact (values_soon_ok path P (constants K (one K :: d)))]. cbv beta. intros x _ A. unfold predicts, predicts_soon. cbv zeta.
  assert (E : map (ev_p x) (constants K (one K :: d)) = 1 :: rv d).
  { unfold constants. rewrite map_map. cbn [map]. rewrite (ev1 K KR), toR_one. f_equal. apply map_ext. intros a. apply (ev1 K KR). }
  rewrite E in A. rewrite A, map_map. apply map_ext. intros k. apply nth_along.
Qed.
Definition losses_soon (lp : list poly -> list t -> poly) P outs (D : list (list t * list t)) (path : list poly) : poly :=
  fold_right (fun d s => padd K (lp (predicts_soon P outs path (fst d)) (snd d)) s) [] D.
Lemma losses_soon_ok lp L P outs path : loss_soon K KR lp L -> forall D, soon (fun x => losses K KR L P outs D (map (ev_p x) path) = ev_p x (losses_soon lp P outs D path)).
Proof.
  intros HL. induction D as [|d D IH]; [apply soon_always; reflexivity|].
  eapply soon_imp; [|apply soon_and; [exact IH|apply soon_and; [exact (predicts_soon_ok P outs path (fst d))|exact (HL (predicts_soon P outs path (fst d)) (snd d))]]]. cbv beta.
  intros x _ (A & B & C). unfold losses, losses_soon in *. cbn [rD map sum fold_right fst snd]. rewrite (padd_ok K KR), B, C. f_equal. exact A.
Qed.
(* the risk at the start is rho *)
Definition falls (lp : list poly -> list t -> poly) (c : t) P outs D (path : list poly) (rho : t) : bool := rises K (minus K [rho] (map (mul K c) (losses_soon lp P outs D path))).
Theorem falls_ok lp L c P outs D (th : params poly) rho : loss_soon K KR lp L -> falls lp c P outs D (concat (concat th)) rho = true ->
  forall e, 0 < e -> exists x, close e (at_ KR 0 th) (at_ KR x th) /\ r c * losses K KR L P outs D (map (ev_p x) (concat (concat th))) < r rho.
Proof.
  intros HL H e He. apply (rises_ok K KR) in H. destruct (soon_and _ _ H (soon_and _ _ (losses_soon_ok lp L P outs (concat (concat th)) HL D) (path_near K KR th e He))) as (e' & He' & A).
  destruct (A (e' / 2)) as (A1 & A2 & A3); [lra|]. exists (e' / 2). split; [exact A3|]. rewrite (minus_ok K KR), (ev1 K KR), (pscal_ok K KR), <- A2 in A1. lra.
Qed.
End Descent.
