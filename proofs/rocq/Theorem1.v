(* Theorem 1: networks of any depth, any continuous piecewise linear activations, vector outputs, convex losses.
   Data that no affine map fits have an unbounded path of pairwise different spurious local minima. *)
Require Import Reals List.
From Symverify Require Import Spec Losses.
Import ListNotations.
Open Scope R_scope.

(* strictly increasing breakpoints, neighbouring pieces agree *)
Fixpoint continuous_pieces (ps : list (R * R * R)) (last : R * R) : Prop :=
  match ps with
  | [] => True
  | (t, s, o) :: ps' =>
      match ps' with
      | [] => s * t + o = fst last * t + snd last
      | (t', s', o') :: _ => t < t' /\ s * t + o = s' * t + o'
      end /\ continuous_pieces ps' last
  end.
Definition continuous_act (h : act R) : Prop := continuous_pieces (fst h) (snd h).
Definition affine_act (h : act R) : Prop := exists s o, forall z, ev h z = s * z + o.
Definition constant_act (h : act R) : Prop := exists o, forall z, ev h z = o.

(* widths from the output to the input; rows start with the bias *)
Fixpoint shaped (ws : list nat) (th : params R) : Prop :=
  match ws, th with
  | w :: ((w' :: _) as ws'), W :: th' => length W = w /\ (forall row, In row W -> length row = S w') /\ shaped ws' th'
  | [_], [] => True
  | _, _ => False
  end.

(* hidden layers from the last to the second, each with its activation and width; then the first one, (h, H) *)
Definition lay (HL : list (act R * nat)) : list (bool * act R) := map (fun hw => (true, fst hw)) HL.
Definition identity : act R := ([], (1, 0)).
Definition network (HL : list (act R * nat)) (h : act R) : list (bool * act R) := (true, identity) :: lay HL ++ [(true, h)].
(* no point twice; without jumps; outside every bounded set *)
Definition injective (path : R -> params R) : Prop := forall x x', path x = path x' -> x = x'.
Definition continuous_path (path : R -> params R) : Prop :=
  forall x e, 0 < e -> exists d, 0 < d /\ forall x', Rabs (x' - x) < d -> close e (path x) (path x').
Definition unbounded_path (path : R -> params R) : Prop :=
  forall bound, exists x, 0 <= x /\ exists layer row a, In layer (path x) /\ In row layer /\ In a row /\ bound < Rabs a.
(* what the theorem gives, for m outputs, hidden layers of these widths from the last to the first, d inputs: a path over
   all real numbers of spurious local minima of one risk, which predict what a best affine map predicts *)
Definition infinite_valley (l : list R -> list R -> R) (c : R) N D (m : nat) (hidden : list nat) (d : nat) : Prop :=
  exists path : R -> params R,
    (forall x, shaped (m :: hidden ++ [d]) (path x) /\ spurious_min (risk_of l c N D) (path x) /\
       risk_of l c N D (path x) = risk_of l c N D (path 0) /\ best_affine_fit l d m N D (path x)) /\
    injective path /\ continuous_path path /\ unbounded_path path.

(* what it asks of the hidden layers: more units than the m outputs, and of the activations *)
Definition wide_layers (m : nat) (HL : list (act R * nat)) (h : act R) (H : nat) : Prop :=
  continuous_act h /\ ~ affine_act h /\ (m < H)%nat /\
  forall hw, In hw HL -> continuous_act (fst hw) /\ ~ constant_act (fst hw) /\ (m < snd hw)%nat.
(* d inputs, m outputs, no input twice *)
Definition distinct_data (d m : nat) (D : list (list R * list R)) : Prop :=
  (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) /\ NoDup (map fst D).
Definition sized (m d : nat) (A : list (list R)) : Prop := length A = m /\ forall row, In row A -> length row = S d.
Definition no_affine_fit (m d : nat) (D : list (list R * list R)) : Prop :=
  forall A, sized m d A -> exists s, In s D /\ affine_map A (fst s) <> snd s.

(* ---- the loss ---- *)
(* u + t v *)
Fixpoint along (u v : list R) (t : R) : list R := match u, v with a :: u', b :: v' => a + t * b :: along u' v' t | _, _ => [] end.
(* the slope is the derivative *)
Definition differentiable (L : convex_loss) (m : nat) : Prop :=
  forall u v y, length u = m -> length v = m -> length y = m -> forall e, 0 < e -> exists e', 0 < e' /\
    forall t, Rabs t < e' -> Rabs (value L (along u v t) y - value L u y - t * dot (slope L u y) v) <= e * Rabs t.
Definition stationary_only_at_target (L : convex_loss) (m : nat) : Prop :=
  forall u y, length u = m -> length y = m -> (forall k, (k < m)%nat -> nth k (slope L u y) 0 = 0) -> u = y.
Definition affine_total (L : convex_loss) (D : list (list R * list R)) (A : list (list R)) : R :=
  sum (fun s => value L (affine_map A (fst s)) (snd s)) D.
(* some affine map has the least risk of all *)
Definition attains_over_affine_maps (L : convex_loss) (m d : nat) (D : list (list R * list R)) : Prop :=
  exists A, sized m d A /\ forall B, sized m d B -> affine_total L D A <= affine_total L D B.

(* ---- Theorem 1 for any convex differentiable loss: no affine map is stationary at all samples ---- *)
Definition nowhere_stationary (L : convex_loss) (m d : nat) (D : list (list R * list R)) : Prop :=
  forall A, sized m d A -> exists s k, In s D /\ (k < m)%nat /\ nth k (slope L (affine_map A (fst s)) (snd s)) 0 <> 0.
Definition theorem1_general_statement : Prop :=
  forall (L : convex_loss) (c : R) (d m : nat) (h : act R) (H : nat) (HL : list (act R * nat)) (D : list (list R * list R)),
  0 < c -> wide_layers m HL h H -> distinct_data d m D ->
  differentiable L m -> attains_over_affine_maps L m d D -> nowhere_stationary L m d D ->
  infinite_valley (value L) c (network HL h) D m (map snd HL ++ [H]) d.

(* ---- Theorem 1, for every convex differentiable loss that is stationary only at the target ---- *)
Definition theorem1_statement : Prop :=
  forall (L : convex_loss) (c : R) (d m : nat) (h : act R) (H : nat) (HL : list (act R * nat)) (D : list (list R * list R)),
  0 < c -> wide_layers m HL h H -> distinct_data d m D ->
  differentiable L m -> stationary_only_at_target L m -> attains_over_affine_maps L m d D -> no_affine_fit m d D ->
  infinite_valley (value L) c (network HL h) D m (map snd HL ++ [H]) d.

(* ---- squared loss and Huber's: nothing is asked of them ---- *)
Definition theorem1_squared_statement : Prop :=
  forall (c : R) (d m : nat) (h : act R) (H : nat) (HL : list (act R * nat)) (D : list (list R * list R)),
  0 < c -> wide_layers m HL h H -> distinct_data d m D -> no_affine_fit m d D ->
  infinite_valley sqd c (network HL h) D m (map snd HL ++ [H]) d.
Definition theorem1_huber_statement : Prop :=
  forall (delta : R) (Hd : 0 < delta) (c : R) (d m : nat) (h : act R) (H : nat) (HL : list (act R * nat)) (D : list (list R * list R)),
  0 < c -> wide_layers m HL h H -> distinct_data d m D -> no_affine_fit m d D ->
  infinite_valley (value (huber delta Hd)) c (network HL h) D m (map snd HL ++ [H]) d.

(* ---- logistic loss, one for each output; softmax cross-entropy ---- *)
(* probabilities p have the labels' moments: their errors are orthogonal to 1 and to every input *)
Definition same_moments (m : nat) (D : list (list R * list R)) (p : list R * list R -> list R) : Prop :=
  forall k j, (k < m)%nat -> sum (fun s => (nth k (p s) 0 - nth k (snd s) 0) * nth j (1 :: fst s) 0) D = 0.
Definition positive (u : list R) : Prop := forall a, In a u -> 0 < a.
Definition logistic_moments (m : nat) (D : list (list R * list R)) : Prop :=
  exists p, same_moments m D p /\ forall s, In s D -> length (p s) = m /\ positive (p s) /\ positive (map (Rminus 1) (p s)).
Definition softmax_moments (m : nat) (D : list (list R * list R)) : Prop :=
  exists p, same_moments m D p /\ forall s, In s D -> length (p s) = m /\ positive (p s) /\ dot (p s) (repeat 1 m) = 1.
(* labels that are probabilities of classes *)
Definition class_labels (m : nat) (D : list (list R * list R)) : Prop := forall s, In s D -> dot (snd s) (repeat 1 m) = 1.
(* the least risk over affine maps is attained just if there are such p; it is never below their entropy *)
Definition entropy (u : list R) : R := dot u (map (fun a => - ln a) u).
Definition attained_logistic_statement : Prop :=
  forall d m D, (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> attains_over_affine_maps logistic m d D <-> logistic_moments m D.
Definition attained_softmax_statement : Prop :=
  forall d m D, (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> class_labels m D ->
  attains_over_affine_maps cross_entropy m d D <-> softmax_moments m D.
Definition bound_logistic_statement : Prop :=
  forall d m D p A, (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> sized m d A -> same_moments m D p ->
  (forall s, In s D -> length (p s) = m /\ positive (p s) /\ positive (map (Rminus 1) (p s))) ->
  sum (fun s => entropy (p s) + entropy (map (Rminus 1) (p s))) D <= affine_total logistic D A.
Definition bound_softmax_statement : Prop :=
  forall d m D p A, (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> sized m d A -> same_moments m D p ->
  (forall s, In s D -> length (p s) = m /\ positive (p s) /\ dot (p s) (repeat 1 m) = 1) ->
  sum (fun s => entropy (p s)) D <= affine_total cross_entropy D A.
(* the same for Poisson loss, with any positive p *)
Definition poisson_moments (m : nat) (D : list (list R * list R)) : Prop :=
  exists p, same_moments m D p /\ forall s, In s D -> length (p s) = m /\ positive (p s).
Definition attained_poisson_statement : Prop :=
  forall d m D, (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> poisson_moments m D -> attains_over_affine_maps poisson m d D.
Definition bound_poisson_statement : Prop :=
  forall d m D p A, (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> sized m d A -> same_moments m D p ->
  (forall s, In s D -> length (p s) = m /\ positive (p s)) -> sum (fun s => entropy (p s) + sum (fun a => a) (p s)) D <= affine_total poisson D A.
Definition theorem1_logistic_statement : Prop :=
  forall (c : R) (d m : nat) (h : act R) (H : nat) (HL : list (act R * nat)) (D : list (list R * list R)),
  0 < c -> wide_layers m HL h H -> distinct_data d m D -> logistic_moments m D ->
  (* no affine map predicts all labels: with one label 0 or 1 none ever does (sigmoid_inside) *)
  (forall A, sized m d A -> exists s k, In s D /\ (k < m)%nat /\ sigmoid (nth k (affine_map A (fst s)) 0) <> nth k (snd s) 0) ->
  infinite_valley (value logistic) c (network HL h) D m (map snd HL ++ [H]) d.
Definition theorem1_softmax_statement : Prop :=
  forall (c : R) (d m : nat) (h : act R) (H : nat) (HL : list (act R * nat)) (D : list (list R * list R)),
  0 < c -> wide_layers m HL h H -> distinct_data d m D -> class_labels m D -> softmax_moments m D ->
  (* no affine map predicts all labels: with one label 0 or 1 none ever does (softmax_below_1) *)
  (forall A, sized m d A -> exists s, In s D /\ softmax (affine_map A (fst s)) <> snd s) ->
  infinite_valley (value cross_entropy) c (network HL h) D m (map snd HL ++ [H]) d.

(* ---- squared loss and common activations, each hidden layer its own ---- *)
Definition relu : act R := ([(0, 0, 0)], (1, 0)).
Definition leaky_relu (slope : R) : act R := ([(0, slope, 0)], (1, 0)).
Definition absolute : act R := ([(0, -1, 0)], (1, 0)).
Definition hard_tanh : act R := ([(-1, 0, -1); (1, 1, 0)], (0, 1)).
Definition common (h : act R) : Prop := h = relu \/ (exists slope, slope <> 1 /\ h = leaky_relu slope) \/ h = absolute \/ h = hard_tanh.
(* hidden: activations and widths of the hidden layers, from the last to the first *)
Definition network_of (hidden : list (act R * nat)) : list (bool * act R) := (true, identity) :: lay hidden.
Definition theorem1_common_statement : Prop :=
  forall (c : R) (d m : nat) (hidden : list (act R * nat)) (D : list (list R * list R)),
  0 < c -> hidden <> [] -> (forall hw, In hw hidden -> common (fst hw) /\ (m < snd hw)%nat) ->
  distinct_data d m D -> no_affine_fit m d D ->
  infinite_valley sqd c (network_of hidden) D m (map snd hidden) d.
(* the same activation in every hidden layer *)
Definition theorem1_for (h : act R) : Prop :=
  forall (c : R) (d m : nat) (widths : list nat) (D : list (list R * list R)),
  0 < c -> widths <> [] -> (forall w, In w widths -> (m < w)%nat) -> distinct_data d m D -> no_affine_fit m d D ->
  infinite_valley sqd c (network_of (map (pair h) widths)) D m widths d.
