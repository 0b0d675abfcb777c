(* What the verified checkers' answers mean: problems with rational numbers, and statements about them over the reals.
   To be read by a person, after Spec.v; Main.v has the checkers and the theorems. *)
Require Import Reals QArith Qreals List.
From Symverify Require Import Spec Losses Theorem1.
Import ListNotations.
Open Scope R_scope.

(* Linear: the sum of label times prediction, the loss of a first-order minorant *)
Inductive loss_name := Squared | Huber (delta : Q) | Absolute | Quantile (tau : Q) | Hinge | Linear.
(* logistic loss on each output, softmax cross-entropy, Poisson loss on each output: risks that are no rational numbers *)
Inductive log_loss := Logistic | CrossEntropy | Poisson.
(* layers from the last to the first, the last one with the identity; R = factor * sum of the losses *)
Record problem_of (loss : Type) := Problem {
  layers : list (bool * act Q); samples : list (list Q * list Q); loss_of : loss; factor : Q;
  n_in : nat; n_out : nat }.
Arguments Problem {loss}. Arguments layers {loss}. Arguments samples {loss}. Arguments loss_of {loss}. Arguments factor {loss}.
Arguments n_in {loss}. Arguments n_out {loss}.
Definition problem : Type := problem_of loss_name.

(* numbers with many digits: Coq reads the digits in a third of the time that it takes to read the number *)
Definition hex (digits : Number.int) : Z := Z.of_num_int digits.
Definition hex_positive (digits : Number.uint) : BinNums.positive := Z.to_pos (Z.of_num_uint digits).
Arguments hex digits%hex_int_scope. Arguments hex_positive digits%hex_uint_scope.

(* rational numbers as real ones *)
Definition real_vector : list Q -> list R := map Q2R.
Definition real : params Q -> params R := map (map real_vector).
Definition real_act (h : act Q) : act R :=
  (map (fun p => (Q2R (fst (fst p)), Q2R (snd (fst p)), Q2R (snd p))) (fst h), (Q2R (fst (snd h)), Q2R (snd (snd h)))).
Definition real_layers : list (bool * act Q) -> list (bool * act R) := map (fun bh => (fst bh, real_act (snd bh))).
Definition real_samples : list (list Q * list Q) -> list (list R * list R) := map (fun d => (real_vector (fst d), real_vector (snd d))).

Definition value_of (l : loss_name) : list R -> list R -> R :=
  match l with
  | Squared => sqd | Huber delta => sum2 (huber1 (Q2R delta))
  | Absolute => sum2 absolute1 | Quantile tau => sum2 (quantile1 (Q2R tau)) | Hinge => sum2 hinge1 | Linear => fun u y => dot y u
  end.
Definition risk_at (p : problem) : params R -> R :=
  risk_of (value_of (loss_of p)) (Q2R (factor p)) (real_layers (layers p)) (real_samples (samples p)).

(* a path: its entries are polynomials in x, as the lists of their coefficients *)
Definition path_at (x : R) : params (list Q) -> params R := map (map (map (fun p => pev (real_vector p) x))).
(* infinitely many of its points are different: none is taken at more than k values of x *)
Definition moving (th : params (list Q)) : Prop :=
  exists k, forall xs, NoDup xs -> (forall x x', In x xs -> In x' xs -> path_at x th = path_at x' th) -> (length xs <= k)%nat.
(* every point of the path is a local minimum, all of one risk *)
Definition valley (p : problem) (th : params (list Q)) : Prop :=
  (forall x, 0 <= x <= 1 -> local_min (risk_at p) (path_at x th) /\ risk_at p (path_at x th) = risk_at p (path_at 0 th)) /\
  moving th.
(* the same of spurious ones *)
Definition spurious_valley (p : problem) (th : params (list Q)) : Prop :=
  (forall x, 0 <= x <= 1 -> spurious_min (risk_at p) (path_at x th) /\ risk_at p (path_at x th) = risk_at p (path_at 0 th)) /\
  moving th.

(* the point predicts what a best affine map predicts *)
Definition affine_fit (p : problem) (th : params Q) : Prop :=
  best_affine_fit (value_of (loss_of p)) (n_in p) (n_out p) (real_layers (layers p)) (real_samples (samples p)) (real th).

(* no network with these activations, of any widths, has a risk below rho *)
Definition lower_bound_any (p : problem) (rho : Q) : Prop :=
  forall th, (forall d, In d (samples p) -> length (net (real_layers (layers p)) th (real_vector (fst d))) = n_out p) -> Q2R rho <= risk_at p th.
(* no network with one hidden layer of this width, one output, and these biases and activation has a risk below rho *)
Definition bounded_below (N : list (bool * act Q)) (inputs : nat) (risk : params R -> R) (width : nat) (rho : Q) : Prop :=
  exists bo bh h, N = [(bo, ([], (1%Q, 0%Q))); (bh, h)] /\
  forall out W, length out = ((if bo then 1 else 0) + width)%nat -> length W = width ->
    (forall row, In row W -> length row = ((if bh then 1 else 0) + inputs)%nat) -> Q2R rho <= risk [[out]; W].
Definition lower_bound (p : problem) : nat -> Q -> Prop := bounded_below (layers p) (n_in p) (risk_at p).
(* some networks of this width have risks as near to rho as wanted, or lower *)
Definition approached (p : problem) (width : nat) (rho : Q) : Prop :=
  exists bo bh h, layers p = [(bo, ([], (1%Q, 0%Q))); (bh, h)] /\ forall eps, 0 < eps ->
  exists out W, length out = ((if bo then 1 else 0) + width)%nat /\ length W = width /\
    (forall row, In row W -> length row = ((if bh then 1 else 0) + n_in p)%nat) /\ risk_at p [[out]; W] < Q2R rho + eps.
(* rho is the infimum of the risk of the networks of this width *)
Definition infimum (p : problem) (width : nat) (rho : Q) : Prop := lower_bound p width rho /\ approached p width rho.
(* no network of this width has the risk rho *)
Definition unattained (p : problem) (width : nat) (rho : Q) : Prop :=
  exists bo bh h, layers p = [(bo, ([], (1%Q, 0%Q))); (bh, h)] /\
  forall out W, length out = ((if bo then 1 else 0) + width)%nat -> length W = width ->
    (forall row, In row W -> length row = ((if bh then 1 else 0) + n_in p)%nat) -> risk_at p [[out]; W] <> Q2R rho.
(* Theorem 1, for hidden layers of these widths, from the last to the first: infinitely many spurious local minima that
   predict what a best affine map predicts *)
Definition value_of_log (l : log_loss) : list R -> list R -> R := match l with Logistic => value logistic | CrossEntropy => value cross_entropy | Poisson => value poisson end.
Definition valley_at_affine_fit (p : problem_of log_loss) (hidden : list nat) : Prop :=
  infinite_valley (value_of_log (loss_of p)) (Q2R (factor p)) (real_layers (layers p)) (real_samples (samples p)) (n_out p) hidden (n_in p).
Definition log_risk (p : problem_of log_loss) : params R -> R :=
  risk_of (value_of_log (loss_of p)) (Q2R (factor p)) (real_layers (layers p)) (real_samples (samples p)).
Definition risk_between (p : problem_of log_loss) (th : params Q) (low high : Q) : Prop := Q2R low <= log_risk p (real th) <= Q2R high.
(* the infimum of the risk is 0, for networks of the shape of th, and no network whatever has it *)
Definition zero_infimum (p : problem_of log_loss) (th : params Q) : Prop :=
  (forall th', (forall d, In d (samples p) -> length (net (real_layers (layers p)) th' (real_vector (fst d))) = n_out p) -> 0 < log_risk p th') /\
  forall eps, 0 < eps -> exists th', same_shape (real th) th' /\ log_risk p th' < eps.
(* no affine map is best, and the infimum of their risks is from low to high *)
Definition no_best_affine_map (p : problem_of log_loss) (low high : Q) : Prop :=
  let risk A := Q2R (factor p) * sum (fun s => value_of_log (loss_of p) (affine_map A (fst s)) (snd s)) (real_samples (samples p)) in
  (forall A, sized (n_out p) (n_in p) A -> Q2R low <= risk A /\ exists B, sized (n_out p) (n_in p) B /\ risk B < risk A) /\
  forall eps, 0 < eps -> exists B, sized (n_out p) (n_in p) B /\ risk B < Q2R high + eps.
Definition log_lower_bound (p : problem_of log_loss) : nat -> Q -> Prop := bounded_below (layers p) (n_in p) (log_risk p).
(* a path over all real numbers, pairwise different points outside every bounded set, that are minima of this kind and predict
   what a best affine map predicts; they have one risk, from low to high *)
Definition path_at_affine_fit (kind : (params R -> R) -> params R -> Prop) (p : problem_of log_loss) (hidden : list nat) (low high : Q) : Prop :=
  exists path : R -> params R,
    (forall x, shaped (n_out p :: hidden ++ [n_in p]) (path x) /\ kind (log_risk p) (path x) /\ log_risk p (path x) = log_risk p (path 0) /\
       best_affine_fit (value_of_log (loss_of p)) (n_in p) (n_out p) (real_layers (layers p)) (real_samples (samples p)) (path x)) /\
    Q2R low <= log_risk p (path 0) <= Q2R high /\ injective path /\ continuous_path path /\ unbounded_path path.
Definition minima_at_affine_fit := path_at_affine_fit local_min.
Definition spurious_minima_at_affine_fit := path_at_affine_fit spurious_min.
(* the same of minima that predict a constant, the best one *)
Definition path_at_constants (kind : (params R -> R) -> params R -> Prop) (p : problem_of log_loss) (hidden : list nat) (low high : Q) : Prop :=
  exists (path : R -> params R) (cs : list R),
    (forall x, shaped (n_out p :: hidden ++ [n_in p]) (path x) /\ kind (log_risk p) (path x) /\ log_risk p (path x) = log_risk p (path 0) /\
       forall s, In s (real_samples (samples p)) -> net (real_layers (layers p)) (path x) (fst s) = cs) /\
    (forall cs', length cs' = n_out p -> log_risk p (path 0) <= Q2R (factor p) * sum (fun s => value_of_log (loss_of p) cs' (snd s)) (real_samples (samples p))) /\
    Q2R low <= log_risk p (path 0) <= Q2R high /\ injective path /\ continuous_path path /\ unbounded_path path.
Definition minima_at_constants := path_at_constants local_min.
Definition spurious_minima_at_constants := path_at_constants spurious_min.
(* infinitely many points of the shape of th, minima of this kind and with this property; they have one risk, from low to high *)
Definition many_minima (kind : (params R -> R) -> params R -> Prop) (p : problem_of log_loss) (th : params Q) (low high : Q) (property : params R -> Prop) : Prop :=
  exists points : R -> params R,
    (forall x, 0 <= x <= 1 -> same_shape (real th) (points x) /\ kind (log_risk p) (points x) /\ log_risk p (points x) = log_risk p (points 0) /\ property (points x)) /\
    Q2R low <= log_risk p (points 0) <= Q2R high /\ forall x x', 0 <= x <= 1 -> 0 <= x' <= 1 -> points x = points x' -> x = x'.
Definition anywhere (th : params R) : Prop := True.
Definition at_affine_fit (p : problem_of log_loss) : params R -> Prop :=
  best_affine_fit (value_of_log (loss_of p)) (n_in p) (n_out p) (real_layers (layers p)) (real_samples (samples p)).
