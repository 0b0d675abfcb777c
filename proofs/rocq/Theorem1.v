(* Theorem 1: networks of any depth, any continuous piecewise linear activations, vector outputs, squared loss.
   Data that no affine map fits have a path of pairwise different spurious local minima. *)
Require Import Reals List.
From Symverify Require Import Spec.
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

Definition theorem1_statement : Prop :=
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

Definition relu : act R := ([(0, 0, 0)], (1, 0)).
(* hidden: the widths of the hidden layers, from the last to the first *)
Definition relu_network (hidden : list nat) : list (bool * act R) := (true, identity) :: map (fun _ => (true, relu)) hidden.
Definition theorem1_relu_statement : Prop :=
  forall (c : R) (d m : nat) (hidden : list nat) (D : list (list R * list R)),
  0 < c -> hidden <> [] -> (forall w, In w hidden -> (m < w)%nat) ->
  (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) ->
  NoDup (map fst D) ->
  (forall A, length A = m -> (forall row, In row A -> length row = S d) -> exists s, In s D /\ affine_map A (fst s) <> snd s) ->
  exists path : R -> params R,
    (forall x, 0 <= x <= 1 ->
       shaped (m :: hidden ++ [d]) (path x) /\
       spurious_min (risk c (relu_network hidden) D) (path x) /\
       risk c (relu_network hidden) D (path x) = risk c (relu_network hidden) D (path 0)) /\
    (forall x x', path x = path x' -> x = x') /\ continuous_path path.
