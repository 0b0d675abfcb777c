(* How many directions the predictions move in: the numbers `dimension` and `exact` of a valley. To be read by a person, after Statements.v and
   Programs.v; RankRules.v has the checkers. *)
Require Import Reals QArith Qreals List.
From Symverify Require Import Spec Statements Programs.
Import ListNotations.
Open Scope R_scope.

(* v + x w, of lists and of parameters *)
Definition shift (v w : list R) (x : R) : list R := map (fun e => fst e + x * snd e) (combine v w).
Definition along (th w : params R) (x : R) : params R :=
  map (fun layer => map (fun rows => shift (fst rows) (snd rows) x) (combine (fst layer) (snd layer))) (combine th w).
(* F: all predictions, of all samples in a row. u is its derivative at th in the direction w *)
Definition derivative (F : params R -> list R) (th w : params R) (u : list R) : Prop :=
  length u = length (F th) /\ forall i, derivable_pt_lim (fun x => nth i (F (along th w x)) 0) 0 (nth i u 0).
(* linear algebra: the combination of vectors U with these factors *)
Definition combination (c : list R) (U : list (list R)) (i : nat) : R := sum (fun e => fst e * nth i (snd e) 0) (combine c U).
Definition independent (U : list (list R)) : Prop := forall c, length c = length U -> (forall i, combination c U i = 0) -> forall a, In a c -> a = 0.
Definition in_span (U : list (list R)) (u : list R) : Prop := exists c, length c = length U /\ forall i, nth i u 0 = combination c U i.
(* the derivative at th has this rank: its values in all directions are spanned by so many that are independent *)
Definition rank_at (F : params R -> list R) (th : params R) (rank : nat) : Prop := exists U, length U = rank /\ independent U /\
  (forall u, In u U -> exists w, same_shape th w /\ derivative F th w u) /\ forall w u, same_shape th w -> derivative F th w u -> in_span U u.
(* at no point near th is it larger *)
Definition rank_near (F : params R -> list R) (th : params R) (rank : nat) : Prop := exists U, length U = rank /\
  exists e, 0 < e /\ forall th', close e th th' -> forall w u, same_shape th w -> derivative F th' w u -> in_span U u.
(* of as many parameters as th has, all but the rank: near th the points with its predictions are in a manifold of this dimension,
   and are one if `exact` (implicit functions; where the rank is the same around, the theorem of constant rank) *)
Definition predictions_leave (F : params R -> list R) (th : params R) (dimension : nat) (exact : bool) : Prop := exists rank,
  (dimension + rank = length (concat (concat th)))%nat /\ rank_at F th rank /\ (exact = true -> rank_near F th rank).
Definition chain_predictions (p : problem) (th : params R) : list R := concat (map (fun d => net (real_layers (layers p)) th (fst d)) (real_samples (samples p))).
Definition program_predictions (p : program) (th : params R) : list R := concat (map (fun d => predicted p th (fst d)) (real_samples (data p))).
