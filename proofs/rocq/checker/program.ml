(* The "program" of a network file: named nodes in order, each made of earlier ones, as affine and activation nodes of the
   verified checkers. Values are numbered from 0: 1, the inputs, then those of each node. Not verified. *)
open Fault

type slot = Free of int | Number of Q.t
type 'h node = Affine of (slot * int) list list | Bend of 'h * int list
type value = { shape : int list; (* channels first *) wires : int list (* the numbers of its entries, row by row *) }
type part = { shape : int list; slots : slot list }
(* how the parameters of a node are spelled: the slots that are its own, weights row by row *)
type owned = { name : string; weight_shape : int list; weight : int option list; bias : int option list }

(* entering: of each node what enters, and whether it has biases *)
type 'h t = { nodes : 'h node list; entering : (int list * bool) list; outputs : int list; inputs : int; count : int (* free parameters *); owned : owned list }

let max_places = 1 lsl 20
let product = List.fold_left ( * ) 1
let indices n = List.init n Fun.id
let rec cut size = function [] -> [] | l -> List.filteri (fun i _ -> i < size) l :: cut size (List.filteri (fun i _ -> i >= size) l)

type 'h state = {
  relu : 'h;
  mutable made : 'h node list; (* the last first *)
  mutable sources : (int list * bool) list; (* the last first *)
  mutable next : int; (* the number of the next value *)
  mutable places : int;
  mutable free : int;
  mutable shared : (string * int) list;
  mutable named : ((string * string) * part) list;
  mutable own : owned list; (* the last first *)
  mutable values : (string * value) list;
  mutable used : string list;
}

let room s where count =
  s.places <- s.places + count;
  if s.places > max_places || List.length s.made >= 4096 then malformed where "too many entries of weight matrices, or nodes"
let added s node width source =
  s.made <- node :: s.made;
  s.sources <- source :: s.sources;
  let wires = List.init width (fun j -> s.next + j) in
  s.next <- s.next + width;
  wires
let edge (slot, _) = match slot with Number x -> Q.sign x <> 0 | Free _ -> true
let affine ?(biased = false) s where wires rows =
  room s where (List.length rows * (List.length wires + 1));
  added s (Affine (List.map (List.filter edge) rows)) (List.length rows) (wires, biased)
let bend s where h wires = room s where 0; added s (Bend (h, wires)) (List.length wires) (wires, false)
let scaled factors = List.map (fun (x, wire) -> (Number x, wire)) factors

(* the greatest of each group: max(a, b) = a + relu(b - a), by pairs, round by round *)
let rec greatest s where groups =
  if List.for_all (fun g -> List.length g = 1) groups then List.map List.hd groups
  else begin
    let rec pairs = function a :: b :: l -> (a, b) :: pairs l | _ -> [] in
    let all = List.concat_map pairs groups in
    let wires = List.concat_map (fun (a, b) -> [ a; b ]) all in
    room s where (3 * List.length all * List.length wires);
    let rises = affine s where wires (List.map (fun (a, b) -> scaled [ (Q.minus_one, a); (Q.one, b) ]) all) in
    let above = bend s where s.relu rises in
    let tops = affine s where wires (List.map2 (fun (a, _) r -> scaled [ (Q.one, a); (Q.one, r) ]) all above) in
    let rec put tops = function
      | [] -> []
      | g :: rest ->
          let n = List.length g / 2 in
          let mine = List.filteri (fun i _ -> i < n) tops and others = List.filteri (fun i _ -> i >= n) tops in
          (mine @ List.filteri (fun i _ -> i >= 2 * n) g) :: put others rest in
    greatest s where (put tops groups)
  end

(* ---- the entries of "weight" and "bias" ---- *)
let reserved = [ "free"; "true"; "false"; "null"; "none"; "nan"; "inf"; "infinity" ]
let letter c = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
let digit c = c >= '0' && c <= '9'
let is_shared t = t <> "" && String.length t <= 60 && (letter t.[0] || t.[0] = '_') && String.for_all (fun c -> letter c || digit c || c = '_') t

type entry = Own | Shared of string | Given of slot
let entries s where v shape what =
  let all e = List.map (fun _ -> e) (indices (product shape)) in
  let number where v = Given (Number (Read.liberal where v)) in
  let rec nested shape where v = match shape with
    | size :: inner -> List.concat (Read.sized size (nested inner) where v)
    | [] -> (
        match v with
        | Json.Null -> [ Own ]
        | Json.Text t when List.mem (String.lowercase_ascii t) reserved -> malformed where "%S is no name of a shared parameter" t
        | Json.Text t when is_shared t -> [ Shared t ]
        | v -> [ number where v ]) in
  match v with
  | Json.Bool true | Json.Text "free" -> all Own
  | Json.Object _ ->
      let f = Read.fields where v in
      let other = Read.need f "like" Read.text in
      Read.finish f;
      (match List.assoc_opt (other, what) s.named with
       | None -> malformed (where ^ ".like") "%S is not an earlier node with a %s" other what
       | Some part when part.shape <> shape -> malformed (where ^ ".like") "has another shape"
       | Some part -> List.map (fun slot -> Given slot) part.slots)
  | Json.List _ -> nested shape where v
  | v -> all (number where v)

(* the slot of an entry; its number once more where the parameter is free and new, and so the node's own *)
let slot s = function
  | Given slot -> (slot, None)
  | Shared t when List.mem_assoc t s.shared -> (Free (List.assoc t s.shared), None)
  | entry ->
      let k = s.free in
      s.free <- k + 1;
      (match entry with Shared t -> s.shared <- (t, k) :: s.shared | _ -> ());
      (Free k, Some k)

(* per unit its weights, and its bias *)
let read_entries s f name shape =
  let units = List.hd shape and each = product (List.tl shape) in
  let weight = match Read.take f "weight" (fun w v -> entries s w v shape "weight") with
    | Some l -> l | None -> List.map (fun _ -> Own) (indices (units * each)) in
  let bias = match List.assoc_opt "bias" f.Read.left with
    | Some (Json.Bool false) -> ignore (Read.take f "bias" Read.boolean); None
    | _ -> Some (match Read.take f "bias" (fun w v -> entries s w v [ units ] "bias") with
      | Some l -> l | None -> List.map (fun _ -> Own) (indices units)) in
  let rows = cut each weight in
  let ends = match bias with Some l -> List.map (fun e -> [ e ]) l | None -> List.map (fun _ -> []) rows in
  let made = List.map2 (fun row last -> let row = List.map (slot s) row in (row, List.map (slot s) last)) rows ends in
  let weights = List.concat_map fst made and biases = List.concat_map snd made in
  s.named <- ((name, "weight"), { shape; slots = List.map fst weights }) :: s.named;
  if bias <> None then s.named <- ((name, "bias"), { shape = [ units ]; slots = List.map fst biases }) :: s.named;
  if List.exists (fun (_, own) -> own <> None) (weights @ biases) then
    s.own <- { name; weight_shape = shape; weight = List.map snd weights; bias = List.map snd biases } :: s.own;
  (cut each (List.map fst weights), if bias = None then None else Some (List.map fst biases))

(* ---- the operations ---- *)
let positive where v = let n = Read.natural where v in if n < 1 then malformed where "expected at least 1" else n
let read_shape where v =
  let shape = Read.listed positive where v in
  if shape = [] || List.length shape > 4 || List.exists (fun n -> n > max_places) shape || product shape > max_places then malformed where "expected from 1 to 4 sizes";
  shape

let is_name t = t <> "" && String.length t <= 60 && letter t.[0] && String.for_all (fun c -> letter c || digit c || c = '_' || c = '.' || c = '-') t
let source s where v =
  let name = Read.text where v in
  match List.assoc_opt name s.values with
  | None -> malformed where "%S is not the name of an earlier node" name
  | Some value -> s.used <- name :: s.used; value
let sources s where v =
  let found = Read.listed (source s) where v in
  if List.length found < 2 then malformed where "expected the names of two or more nodes" else found
let alike s where v =
  let found = sources s where v in
  if List.exists (fun (x : value) -> x.shape <> (List.hd found).shape) found then malformed where "other shapes" else found
let rec columns = function [] :: _ | [] -> [] | rows -> List.map List.hd rows :: columns (List.map List.tl rows)

(* a sliding window: kernel, stride, padding, dilation of each inner axis *)
type window = { kernel : int; stride : int; padding : int; dilation : int }
let read_window f axes stride =
  let sizes number where v = match v with
    | Json.List _ -> Read.sized axes number where v
    | v -> let n = number where v in List.init axes (fun _ -> n) in
  let same n = List.init axes (fun _ -> n) in
  let kernel = Read.need f "kernel" (sizes positive) in
  let strides = Read.default f "stride" (sizes positive) (if stride then kernel else same 1) in
  let padding = Read.default f "padding" (sizes Read.natural) (same 0) in
  let dilation = Read.default f "dilation" (sizes positive) (same 1) in
  List.map2 (fun (kernel, stride) (padding, dilation) -> { kernel; stride; padding; dilation }) (List.combine kernel strides) (List.combine padding dilation)
let inner axes where (v : value) = if List.length v.shape <> axes + 1 then malformed where "expected channels and %d more axes" axes else v
let placed f (v : value) windows =
  List.iter2 (fun size w ->
    if size + (2 * w.padding) < (w.dilation * (w.kernel - 1)) + 1 then malformed f.Read.where "the window does not fit";
    if w.padding >= w.kernel * w.dilation then malformed f.Read.where "the padding must be smaller than the window") (List.tl v.shape) windows;
  let sizes = List.map2 (fun size w -> ((size + (2 * w.padding) - (w.dilation * (w.kernel - 1)) - 1) / w.stride) + 1) (List.tl v.shape) windows in
  if product sizes * List.hd v.shape > max_places then malformed f.Read.where "too many units";
  sizes
(* the places of a grid, row by row *)
let rec grid = function [] -> [ [] ] | n :: rest -> let inner = grid rest in List.concat_map (fun i -> List.map (fun l -> i :: l) inner) (indices n)
(* the places of the kernel, by number, that lie on an entry, and the number of that entry within its channel *)
let under windows shape place =
  let offsets = grid (List.map (fun w -> w.kernel) windows) in
  List.concat (List.mapi (fun number offset ->
    let at = List.map2 (fun (x, o) w -> (x * w.stride) - w.padding + (o * w.dilation)) (List.combine place offset) windows in
    if List.for_all2 (fun x size -> 0 <= x && x < size) at shape then [ (number, List.fold_left2 (fun i x size -> (i * size) + x) 0 at shape) ] else []) offsets)

let convolution axes s f name =
  let v = inner axes (Read.at f "from") (Read.need f "from" (source s)) in
  let channels = Read.need f "channels" positive in
  let windows = read_window f axes false in
  let groups = Read.default f "groups" positive 1 in
  let entering = List.hd v.shape in
  if entering mod groups <> 0 || channels mod groups <> 0 then malformed (Read.at f "groups") "does not divide the channels";
  let sizes = placed f v windows in
  let each = entering / groups and kernel = List.map (fun w -> w.kernel) windows in
  if product (channels :: each :: kernel) > max_places then malformed f.Read.where "too many parameters";
  let weight, bias = read_entries s f name (channels :: each :: kernel) in
  let wires = Array.of_list v.wires and shape = List.tl v.shape and k = product kernel in
  if channels * product sizes * (List.length v.wires + 1) > max_places then malformed f.Read.where "too many entries of weight matrices";
  let rows = List.concat (List.mapi (fun out row ->
    let row = Array.of_list row and first = out / (channels / groups) * each in
    let last = match bias with Some b -> [ (List.nth b out, 0) ] | None -> [] in
    List.map (fun place -> let hits = under windows shape place in
      List.concat_map (fun c -> List.map (fun (number, at) -> (row.((c * k) + number), wires.(((first + c) * product shape) + at))) hits) (indices each) @ last)
      (grid sizes)) weight) in
  { shape = channels :: sizes; wires = affine ~biased:(bias <> None) s f.Read.where v.wires rows }

let pooled axes f s = let v = inner axes (Read.at f "from") (Read.need f "from" (source s)) in
  let windows = read_window f axes true in
  let sizes = placed f v windows in
  let wires = Array.of_list v.wires and shape = List.tl v.shape in
  let groups = List.concat_map (fun c -> List.map (fun place -> List.map (fun (_, at) -> wires.((c * product shape) + at)) (under windows shape place)) (grid sizes)) (indices (List.hd v.shape)) in
  (v, windows, List.hd v.shape :: sizes, groups)

let average axes s f _ =
  let v, windows, shape, groups = pooled axes f s in
  let whole = Read.default f "count_padding" Read.boolean true in
  let size = product (List.map (fun w -> w.kernel) windows) in
  let rows = List.map (fun g -> let share = Q.of_ints 1 (if whole then size else max 1 (List.length g)) in scaled (List.map (fun w -> (share, w)) g)) groups in
  ({ shape; wires = affine s f.Read.where v.wires rows } : value)
let max_pool axes s f _ =
  let _, _, shape, groups = pooled axes f s in
  if List.mem [] groups then malformed f.Read.where "a window lies in the padding alone";
  ({ shape; wires = greatest s f.Read.where groups } : value)

let operations read_activation = [
  ("affine", fun s f name ->
    let v : value = Read.need f "from" (source s) in
    let units = Read.need f "units" positive in
    if units * (List.length v.wires + 1) > max_places then malformed (Read.at f "units") "too many parameters";
    let weight, bias = read_entries s f name [ units; List.length v.wires ] in
    let rows = List.mapi (fun j row -> List.combine row v.wires @ match bias with Some b -> [ (List.nth b j, 0) ] | None -> []) weight in
    { shape = [ units ]; wires = affine ~biased:(bias <> None) s f.Read.where v.wires rows });
  ("activation", fun s f _ ->
    let v : value = Read.need f "from" (source s) in
    let h = Read.need f "activation" read_activation in
    { v with wires = bend s f.Read.where h v.wires });
  ("sum", fun s f _ ->
    let found = Read.need f "from" (alike s) in
    let wires = List.map (fun (v : value) -> v.wires) found in
    { (List.hd found) with wires = affine s f.Read.where (List.concat wires) (List.map (fun l -> scaled (List.map (fun w -> (Q.one, w)) l)) (columns wires)) });
  ("concat", fun s f _ ->
    let found = Read.need f "from" (sources s) in
    let rest (v : value) = List.tl v.shape in
    if List.exists (fun v -> rest v <> rest (List.hd found)) found then malformed (Read.at f "from") "shapes that do not join";
    { shape = List.fold_left (fun n (v : value) -> n + List.hd v.shape) 0 found :: rest (List.hd found); wires = List.concat_map (fun (v : value) -> v.wires) found });
  ("conv1d", convolution 1); ("conv2d", convolution 2);
  ("average_pool1d", average 1); ("average_pool2d", average 2); ("max_pool1d", max_pool 1); ("max_pool2d", max_pool 2);
  ("global_average_pool", fun s f _ ->
    let v : value = Read.need f "from" (source s) in
    let size = product (List.tl v.shape) in
    let rows = List.map (fun g -> scaled (List.map (fun w -> (Q.of_ints 1 size, w)) g)) (cut size v.wires) in
    { shape = [ List.hd v.shape ]; wires = affine s f.Read.where v.wires rows });
  ("max", fun s f _ ->
    let found = Read.need f "from" (alike s) in
    { (List.hd found) with wires = greatest s f.Read.where (columns (List.map (fun (v : value) -> v.wires) found)) });
  ("maxout", fun s f _ ->
    let v : value = Read.need f "from" (source s) in
    let pieces = Read.need f "pieces" positive in
    let channels = List.hd v.shape and size = product (List.tl v.shape) in
    if channels mod pieces <> 0 then malformed (Read.at f "pieces") "does not divide the channels";
    let groups = List.concat_map columns (cut pieces (cut size v.wires)) in
    { shape = (channels / pieces) :: List.tl v.shape; wires = greatest s f.Read.where groups });
  ("batch_norm", fun s f _ ->
    let v : value = Read.need f "from" (source s) in
    let channels = List.hd v.shape in
    let scale = Read.need f "scale" (Read.sized channels Read.liberal) in
    let shift = Read.need f "shift" (Read.sized channels Read.liberal) in
    let rows = List.concat (List.map2 (fun (a, b) g -> List.map (fun w -> scaled [ (a, w); (b, 0) ]) g) (List.combine scale shift) (cut (product (List.tl v.shape)) v.wires)) in
    { v with wires = affine ~biased:true s f.Read.where v.wires rows });
  ("flatten", fun s f _ -> let v : value = Read.need f "from" (source s) in { v with shape = [ List.length v.wires ] });
  ("reshape", fun s f _ ->
    let v : value = Read.need f "from" (source s) in
    let shape = Read.need f "shape" read_shape in
    if product shape <> List.length v.wires then malformed (Read.at f "shape") "has another number of entries";
    { v with shape });
  ("permute", fun s f _ ->
    let v : value = Read.need f "from" (source s) in
    let axes = Read.need f "axes" (Read.listed Read.natural) in
    if List.sort compare axes <> indices (List.length v.shape) then malformed (Read.at f "axes") "expected the numbers of the axes in some order";
    let rec steps = function [] -> [] | _ :: rest -> product rest :: steps rest in
    let step = steps v.shape and wires = Array.of_list v.wires in
    let starts = List.fold_left (fun starts axis -> List.concat_map (fun a -> List.map (fun x -> a + (List.nth step axis * x)) (indices (List.nth v.shape axis))) starts) [ 0 ] axes in
    { shape = List.map (List.nth v.shape) axes; wires = List.map (fun a -> wires.(a)) starts }) ]

(* ---- the list of nodes ---- *)
let read relu read_activation where v =
  let nodes = Read.listed Read.fields where v in
  if List.length nodes < 2 then malformed where "expected an input and at least one node more";
  let read_name where v = let t = Read.text where v in if is_name t then t else malformed where "expected a plain name" in
  let names = List.map (fun f -> Read.need f "name" read_name) nodes in
  let s = { relu; made = []; sources = []; next = 1; places = 0; free = 0; shared = []; named = []; own = []; values = []; used = [] } in
  let known = operations read_activation in
  let one first f name =
    if List.mem_assoc name s.values then malformed (Read.at f "name") "%S is the name of two nodes" name;
    let op = Read.need f "op" Read.text in
    if (op = "input") <> first then malformed (Read.at f "op") "the first node, and no other, is the \"input\"";
    let value = if first then
        let shape = Read.need f "shape" read_shape in
        let wires = List.init (product shape) (fun j -> 1 + j) in
        s.next <- 1 + product shape;
        ({ shape; wires } : value)
      else match List.assoc_opt op known with
        | None -> malformed (Read.at f "op") "unknown operation %S" op
        | Some make -> make s f name in
    Read.finish f;
    s.values <- (name, value) :: s.values in
  List.iteri (fun i (f, name) -> one (i = 0) f name) (List.combine nodes names);
  let last = List.nth names (List.length names - 1) in
  List.iter (fun name -> if name <> last && not (List.mem name s.used) then malformed where "nothing uses the node %S" name) names;
  if s.free = 0 then malformed where "no parameter is free";
  let placed = Array.make s.free false in
  List.iter (function Affine rows -> List.iter (List.iter (function Free k, _ -> placed.(k) <- true | _ -> ())) rows | Bend _ -> ()) s.made;
  if Array.exists not placed then malformed where "a free parameter has no place";
  let size name = List.length (List.assoc name s.values).wires in
  { nodes = List.rev s.made; entering = List.rev s.sources; outputs = (List.assoc last s.values).wires; inputs = size (List.hd names); count = s.free; owned = List.rev s.own }

(* ---- points: of each node the parameters that are its own, null elsewhere; a row for each unit, the bias last ---- *)
let read_point p entry where v =
  let f = Read.fields where v in
  let rec nested shape slots where v = match shape with
    | size :: inner ->
        let parts = cut (product inner) slots in
        let rows = Read.sized size (fun _ v -> v) where v in
        List.concat (List.map2 (fun part (i, row) -> nested inner part (Printf.sprintf "%s[%d]" where i) row) parts (List.mapi (fun i row -> (i, row)) rows))
    | [] -> (
        match (slots, v) with
        | [ Some _ ], v -> [ Some (entry where v) ]
        | _, Json.Null -> [ None ]
        | _ -> malformed where "is frozen or tied: expected null") in
  let node (o : owned) =
    let inner = Read.need f o.name Read.fields in
    let part name shape slots = if List.exists Option.is_some slots then Read.need inner name (nested shape slots) else List.map (fun _ -> None) slots in
    let weight = part "weight" o.weight_shape o.weight in
    let bias = part "bias" [ List.length o.bias ] o.bias in
    Read.finish inner;
    let rows = cut (product (List.tl o.weight_shape)) weight in
    let ends = if bias = [] then List.map (fun _ -> []) rows else List.map (fun b -> [ b ]) bias in
    List.map2 (fun row last -> List.filter_map Fun.id (row @ last)) rows ends in
  let th = List.map node p.owned in
  Read.finish f;
  th

(* ---- one layer of bent units between affine maps: what restricted_lower_bound wants of a program ---- *)
module Set = Set.Make (Int)
(* per value: the bent units that it is a sum of; whether an input or 1 enters by numbers alone; how many paths lead to it *)
type made_of = { bent : Set.t; plain : bool; paths : int }
(* per bent unit: its activation, and whether its pre-activation has a bias; None if that is no map of the inputs alone *)
type 'h bent_unit = { act : 'h; biased : bool option }

(* the one output, and the units; the reasons why not, as the kernel has them *)
let one_layer (p : 'h t) where =
  let source = { bent = Set.empty; plain = true; paths = 1 } in
  let empty = { bent = Set.empty; plain = false; paths = 0 } in
  let known = ref (Array.make (1 + p.inputs) source) and units = ref [] and spans = ref [ (1, p.inputs, None) ] in
  let join made (slot, k) =
    let u = !known.(k) in
    { bent = Set.union made.bent u.bent; plain = made.plain || (u.plain && match slot with Number _ -> true | Free _ -> false);
      paths = made.paths + u.paths } in
  let of_inputs = List.for_all (fun k -> k <= p.inputs) in
  let node n (wires, biased) =
    let next = Array.length !known in
    match n with
    | Affine rows ->
        let made = List.map (List.fold_left join empty) rows in
        if List.fold_left (fun n m -> n + m.paths) 0 made > 65536 then rejected where "the program has too many paths";
        spans := (next, List.length rows, Some (wires, biased)) :: !spans;
        known := Array.append !known (Array.of_list made)
    | Bend (act, wires) ->
        (* a whole node in order, or a frozen affine map between *)
        let whole = List.find_opt (fun (first, size, _) -> wires = List.init size (fun j -> first + j)) !spans in
        let biased = match whole with
          | Some (_, _, None) -> rejected where "an activation does not follow an affine map"
          | Some (_, _, Some (before, biased)) -> if of_inputs before then Some biased else None
          | None -> if of_inputs wires then Some false else None in
        units := List.mapi (fun j _ -> (next + j, { act; biased })) wires @ !units;
        spans := (next, List.length wires, None) :: !spans;
        known := Array.append !known (Array.of_list (List.mapi (fun j _ -> { bent = Set.singleton (next + j); plain = false; paths = 1 }) wires)) in
  List.iter2 node p.nodes p.entering;
  match p.outputs with
  | [ k ] ->
      if !known.(k).plain then rejected where "a number that is not free is added to the prediction";
      List.filter_map (fun (u, unit) -> if Set.mem u !known.(k).bent then Some unit else None) !units
  | _ -> rejected where "needs scalar output"
