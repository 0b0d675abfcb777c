(* Theorem 1: networks of any depth, any continuous piecewise linear activations, vector outputs, convex losses.
   Data that no affine map fits have a path of pairwise different spurious local minima. *)
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
Definition continuous_path (path : R -> params R) : Prop :=
  forall x e, 0 < e -> exists d, 0 < d /\ forall x', Rabs (x' - x) < d -> close e (path x) (path x').

(* ---- the loss ---- *)
(* u + t v *)
Fixpoint along (u v : list R) (t : R) : list R := match u, v with a :: u', b :: v' => a + t * b :: along u' v' t | _, _ => [] end.
(* the slope is the derivative *)
Definition differentiable (L : convex_loss) (m : nat) : Prop :=
  forall u v y, length u = m -> length v = m -> length y = m -> forall e, 0 < e -> exists e', 0 < e' /\
    forall t, Rabs t < e' -> Rabs (value L (along u v t) y - value L u y - t * dot (slope L u y) v) <= e * Rabs t.
Definition stationary_only_at_target (L : convex_loss) (m : nat) : Prop :=
  forall u y, length u = m -> length y = m -> (forall k, (k < m)%nat -> nth k (slope L u y) 0 = 0) -> u = y.
Definition sized (m d : nat) (A : list (list R)) : Prop := length A = m /\ forall row, In row A -> length row = S d.
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
  0 < c ->
  differentiable L m -> attains_over_affine_maps L m d D -> nowhere_stationary L m d D ->
  continuous_act h -> ~ affine_act h -> (m < H)%nat ->
  (forall hw, In hw HL -> continuous_act (fst hw) /\ ~ constant_act (fst hw) /\ (m < snd hw)%nat) ->
  (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  NoDup (map fst D) ->
  exists path : R -> params R,
    (forall x, 0 <= x <= 1 ->
       shaped (m :: map snd HL ++ [H; d]) (path x) /\
       spurious_min (risk_of (value L) c (network HL h) D) (path x) /\
       risk_of (value L) c (network HL h) D (path x) = risk_of (value L) c (network HL h) D (path 0)) /\
    (forall x x', path x = path x' -> x = x') /\ continuous_path path.

(* ---- Theorem 1, for every convex differentiable loss of that kind ---- *)
Definition theorem1_statement : Prop :=
  forall (L : convex_loss) (c : R) (d m : nat) (h : act R) (H : nat) (HL : list (act R * nat)) (D : list (list R * list R)),
  0 < c ->
  differentiable L m -> stationary_only_at_target L m -> attains_over_affine_maps L m d D ->
  continuous_act h -> ~ affine_act h -> (m < H)%nat ->
  (forall hw, In hw HL -> continuous_act (fst hw) /\ ~ constant_act (fst hw) /\ (m < snd hw)%nat) ->
  (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  NoDup (map fst D) ->
  (forall A, length A = m -> (forall row, In row A -> length row = S d) -> exists s, In s D /\ affine_map A (fst s) <> snd s) ->
  exists path : R -> params R,
    (forall x, 0 <= x <= 1 ->
       shaped (m :: map snd HL ++ [H; d]) (path x) /\
       spurious_min (risk_of (value L) c (network HL h) D) (path x) /\
       risk_of (value L) c (network HL h) D (path x) = risk_of (value L) c (network HL h) D (path 0)) /\
    (forall x x', path x = path x' -> x = x') /\ continuous_path path.

(* ---- squared loss: nothing is asked of it ---- *)
Definition theorem1_squared_statement : Prop :=
  forall (c : R) (d m : nat) (h : act R) (H : nat) (HL : list (act R * nat)) (D : list (list R * list R)),
  0 < c ->
  continuous_act h -> ~ affine_act h -> (m < H)%nat ->
  (forall hw, In hw HL -> continuous_act (fst hw) /\ ~ constant_act (fst hw) /\ (m < snd hw)%nat) ->
  (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  NoDup (map fst D) ->
  (forall A, length A = m -> (forall row, In row A -> length row = S d) -> exists s, In s D /\ affine_map A (fst s) <> snd s) ->
  exists path : R -> params R,
    (forall x, 0 <= x <= 1 ->
       shaped (m :: map snd HL ++ [H; d]) (path x) /\
       spurious_min (risk c (network HL h) D) (path x) /\
       risk c (network HL h) D (path x) = risk c (network HL h) D (path 0)) /\
    (forall x x', path x = path x' -> x = x') /\ continuous_path path.

(* ---- Huber's loss ---- *)
Definition theorem1_huber_statement : Prop :=
  forall (delta : R) (Hd : 0 < delta) (c : R) (d m : nat) (h : act R) (H : nat) (HL : list (act R * nat)) (D : list (list R * list R)),
  0 < c -> attains_over_affine_maps (huber delta Hd) m d D ->
  continuous_act h -> ~ affine_act h -> (m < H)%nat ->
  (forall hw, In hw HL -> continuous_act (fst hw) /\ ~ constant_act (fst hw) /\ (m < snd hw)%nat) ->
  (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  NoDup (map fst D) ->
  (forall A, length A = m -> (forall row, In row A -> length row = S d) -> exists s, In s D /\ affine_map A (fst s) <> snd s) ->
  exists path : R -> params R,
    (forall x, 0 <= x <= 1 ->
       shaped (m :: map snd HL ++ [H; d]) (path x) /\
       spurious_min (risk_of (value (huber delta Hd)) c (network HL h) D) (path x) /\
       risk_of (value (huber delta Hd)) c (network HL h) D (path x) = risk_of (value (huber delta Hd)) c (network HL h) D (path 0)) /\
    (forall x x', path x = path x' -> x = x') /\ continuous_path path.

(* ---- logistic loss, one for each output ---- *)
(* a best affine map exists, and none predicts all labels; with a label 0 or 1 among them none ever does *)
Definition theorem1_logistic_statement : Prop :=
  forall (c : R) (d m : nat) (h : act R) (H : nat) (HL : list (act R * nat)) (D : list (list R * list R)),
  0 < c -> attains_over_affine_maps logistic m d D ->
  (forall A, sized m d A -> exists s k, In s D /\ (k < m)%nat /\ sigmoid (nth k (affine_map A (fst s)) 0) <> nth k (snd s) 0) ->
  continuous_act h -> ~ affine_act h -> (m < H)%nat ->
  (forall hw, In hw HL -> continuous_act (fst hw) /\ ~ constant_act (fst hw) /\ (m < snd hw)%nat) ->
  (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  NoDup (map fst D) ->
  exists path : R -> params R,
    (forall x, 0 <= x <= 1 ->
       shaped (m :: map snd HL ++ [H; d]) (path x) /\
       spurious_min (risk_of (value logistic) c (network HL h) D) (path x) /\
       risk_of (value logistic) c (network HL h) D (path x) = risk_of (value logistic) c (network HL h) D (path 0)) /\
    (forall x x', path x = path x' -> x = x') /\ continuous_path path.

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
  (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  NoDup (map fst D) ->
  (forall A, length A = m -> (forall row, In row A -> length row = S d) -> exists s, In s D /\ affine_map A (fst s) <> snd s) ->
  exists path : R -> params R,
    (forall x, 0 <= x <= 1 ->
       shaped (m :: map snd hidden ++ [d]) (path x) /\
       spurious_min (risk c (network_of hidden) D) (path x) /\
       risk c (network_of hidden) D (path x) = risk c (network_of hidden) D (path 0)) /\
    (forall x x', path x = path x' -> x = x') /\ continuous_path path.
