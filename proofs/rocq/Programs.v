(* General programs: networks with skips, sums, shared and frozen parameters, convolutions, poolings; their risk, and statements
   about it over the real numbers. To be read by a person, after Spec.v and Statements.v; ProgramRules.v has the checkers. *)
Require Import Reals QArith Qreals List.
From Symverify Require Import Spec Losses Statements.
Import ListNotations.
Open Scope R_scope.

(* What multiplies a value: the k-th free parameter, or a number. *)
Inductive slot (A : Type) := Free (k : nat) | Number (a : A).
Arguments Free {A}. Arguments Number {A}.
(* A program computes values, numbered from 0: first 1 and the inputs; then each node appends its own. A row of an affine node
   is a sum of slots times values; an activation node applies h to each of the values named. max(a, b) is a + relu(b - a). *)
Inductive node (A : Type) := Affine (rows : list (list (slot A * nat))) | Bend (h : act A) (units : list nat).
Arguments Affine {A}. Arguments Bend {A}.

(* v: the free parameters, u: the values so far *)
Definition factor_at (v : list R) (s : slot R) : R := match s with Free k => nth k v 0 | Number a => a end.
Definition row_at (v u : list R) (row : list (slot R * nat)) : R := sum (fun e => factor_at v (fst e) * nth (snd e) u 0) row.
Definition node_at (v u : list R) (n : node R) : list R :=
  match n with Affine rows => map (row_at v u) rows | Bend h units => map (fun k => ev h (nth k u 0)) units end.
Definition values (v : list R) (P : list (node R)) (u : list R) : list R := fold_left (fun u n => u ++ node_at v u n) P u.
(* the free parameters of a point, however it is arranged in rows *)
Definition free (th : params R) : list R := concat (concat th).
(* the prediction: the values with these numbers *)
Definition prediction (P : list (node R)) (outputs : list nat) (th : params R) (x : list R) : list R :=
  let u := values (free th) P (1 :: x) in map (fun k => nth k u 0) outputs.

(* R = factor * sum of the losses *)
Record program := Program {
  nodes : list (node Q); outputs : list nat; data : list (list Q * list Q); loss : loss_name; scale : Q }.
(* k-th free parameter, or a number, times the value with this number *)
Definition weight (k value : nat) : slot Q * nat := (Free k, value).
Definition number (a : Q) (value : nat) : slot Q * nat := (Number a, value).
Definition real_slot (s : slot Q) : slot R := match s with Free k => Free k | Number a => Number (Q2R a) end.
Definition real_node (n : node Q) : node R :=
  match n with Affine rows => Affine (map (map (fun e => (real_slot (fst e), snd e))) rows) | Bend h units => Bend (real_act h) units end.
Definition predicted (p : program) : params R -> list R -> list R := prediction (map real_node (nodes p)) (outputs p).
Definition program_risk (p : program) (th : params R) : R :=
  Q2R (scale p) * sum (fun d => value_of (loss p) (predicted p th (fst d)) (snd d)) (real_samples (data p)).

(* every point of the path is a minimum of this kind, all of one risk; infinitely many are different *)
Definition valley_of (kind : (params R -> R) -> params R -> Prop) (p : program) (th : params (list Q)) : Prop :=
  (forall x, 0 <= x <= 1 -> kind (program_risk p) (path_at x th) /\ program_risk p (path_at x th) = program_risk p (path_at 0 th)) /\
  moving th.
(* no point has a risk below rho *)
Definition program_bound (p : program) (rho : Q) : Prop := forall th, Q2R rho <= program_risk p th.
(* the predictions are those of a best affine map *)
Definition best_affine (p : program) (th : params R) : Prop :=
  let total_of A := sum (fun d => value_of (loss p) (affine_map A (fst d)) (snd d)) (real_samples (data p)) in
  exists A, length A = length (outputs p) /\ (forall d, In d (real_samples (data p)) -> predicted p th (fst d) = affine_map A (fst d)) /\
    forall B, length B = length (outputs p) -> total_of A <= total_of B.
(* at every point near this one the network is an affine map on the data *)
Definition linear_near (p : program) (th : params R) : Prop := exists e, 0 < e /\ forall th', close e th th' ->
  exists A, length A = length (outputs p) /\ forall d, In d (real_samples (data p)) -> predicted p th' (fst d) = affine_map A (fst d).
