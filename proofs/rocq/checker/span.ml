(* What a point's cell can predict: vectors over the samples that span it, in the kernel's order, and what enters the last layer.
   Not verified: proposals for the verified checkers, and what a certificate's coefficients refer to. *)
open Fault
module N = Network
module P = Propose

(* the slope and the offset of the piece at z (of two that meet there the lower), and whether two meet *)
let piece ((ps, last) : N.activation) z =
  let rec go = function
    | [] -> (last, false)
    | ((t, s), o) :: rest -> if Q.lt z t then ((s, o), false) else if Q.equal z t then ((s, o), true) else go rest in
  go ps

type t = {
  slopes : (Q.t * Q.t) list list list; (* of each hidden layer's units, at each sample: slope and offset *)
  entering : Q.t list list; (* for each sample 1 and what enters the last layer *)
  before : Q.t list list; (* the same of the last hidden layer; without 1 where there are no biases *)
  vectors : Q.t list list;
}

let rec transposed = function [] :: _ | [] -> [] | rows -> List.map List.hd rows :: transposed (List.map List.tl rows)

(* the kernel's elimination, in integers *)
let kernel_echelon rows =
  let module Columns = Map.Make (Int) in
  let rec leading i = function [] -> None | z :: l -> if Z.sign z <> 0 then Some i else leading (i + 1) l in
  let rec add basis left = match leading 0 left with
    | None -> basis
    | Some c -> (
        match Columns.find_opt c basis with
        | None -> Columns.add c left basis
        | Some pivot ->
            let a = List.nth pivot c and b = List.nth left c in
            add basis (P.primitive (List.map2 (fun x y -> Q.of_bigint Z.((a * y) - (b * x))) pivot left))) in
  List.map (fun (_, row) -> List.map Q.of_bigint row) (Columns.bindings (List.fold_left add Columns.empty (List.map P.primitive rows)))
let rank rows = List.length (P.echelon rows)

let unique vectors =
  let seen = Hashtbl.create 16 in
  List.filter (fun v ->
    let key = List.map Q.to_string v in
    if Hashtbl.mem seen key then false else (Hashtbl.add seen key (); true)) vectors
let nonzero = List.exists (fun x -> Q.sign x <> 0)

(* rejected where a pre-activation is on a breakpoint *)
let at (net : N.t) where th =
  let n = List.length net.data and ones = List.map (fun _ -> Q.one) net.data in
  let biased biases rows = if List.hd biases then List.map (fun a -> Q.one :: a) rows else rows in
  let with_ones biases span = if List.hd biases then span @ [ ones ] else span in
  (* layers from the first; rows: what enters at each sample; span: of it *)
  let rec go acts biases layers rows span before slopes = match acts, layers with
    | h :: acts, w :: layers ->
        let entering = biased biases rows in
        let dead x = slopes = [] && not (List.hd biases || nonzero x) in
        let at x row =
          let found, kink = piece h (P.dot row x) in
          if kink && not (dead x) then rejected where "it is at a breakpoint" else found in
        let pieces = List.map (fun row -> List.map (fun x -> at x row) entering) w in
        let values row unit = List.map2 (fun x (s, o) -> Q.((s * P.dot row x) + o)) entering unit in
        let joined = with_ones biases span in
        let joined = if List.length joined > n then kernel_echelon joined else joined in
        let of_unit unit = List.map (fun phi -> List.map2 (fun (s, _) x -> Q.(s * x)) unit phi) joined @ [ List.map snd unit ] in
        let fresh = List.filter nonzero (unique (List.concat_map of_unit pieces)) in
        go acts (List.tl biases) layers (transposed (List.map2 values w pieces)) fresh entering (pieces :: slopes)
    | _ -> { slopes = List.rev slopes; before; entering = biased biases rows; vectors = with_ones biases span } in
  go net.acts net.biases (List.rev th) (List.map fst net.data) (transposed (List.map fst net.data)) [] []

(* ---- the minima of a cell ---- *)
(* some x with <row, x> = b for all rows *)
let solve rows bs =
  let unknowns = List.length (List.hd rows) in
  let basis = P.echelon (List.map2 (fun row b -> row @ [ b ]) rows bs) in
  if List.exists (fun (_, p) -> p = unknowns) basis then None
  else Some (List.init unknowns (fun j -> match List.find_opt (fun (_, p) -> p = j) basis with Some (row, _) -> List.nth row unknowns | None -> Q.zero))
let solved rows bs = match solve rows bs with Some x -> x | None -> raise (Failure "no solution where there is one")

(* a left inverse of what enters the last layer, one row for each sample: 0 but for samples that are a basis *)
let left_inverse entering =
  let pivots = List.map snd (P.echelon (transposed entering)) in
  let chosen = List.map (List.nth entering) pivots in
  List.mapi (fun i row ->
    if List.mem i pivots then solved chosen (List.map (fun p -> if p = i then Q.one else Q.zero) pivots) else List.map (fun _ -> Q.zero) row) entering
(* the last hidden layer's first unit moves along its first coordinate; what the last layer does about it *)
let change place =
  let first = List.hd (List.nth place.slopes (List.length place.slopes - 1)) in
  solved place.entering (List.map2 (fun (s, _) v -> Q.(s * List.hd v)) first place.before)
(* equal samples get their mean *)
let averaged (net : N.t) entering dual =
  let spelled = List.map2 (fun a (_, y) -> List.map Q.to_string (a @ y)) entering net.data in
  let mean key =
    let mine = List.filter_map (fun (k, p) -> if k = key then Some p else None) (List.combine spelled dual) in
    let n = Q.of_int (List.length mine) in
    List.map (fun column -> Q.(List.fold_left add zero column / n)) (transposed mine) in
  List.map mean spelled
(* between what enters the last layer and the inputs with 1, if each is an affine function of the other on the data *)
let exchange (net : N.t) entering =
  let inputs = List.map (fun (x, _) -> Q.one :: x) net.data in
  let maps rows columns = List.map (solve rows) (transposed columns) in
  let from = maps entering inputs and back = maps inputs entering in
  if List.mem None (from @ back) then None else Some (List.map Option.get from, List.map Option.get back)
