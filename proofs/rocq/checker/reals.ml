(* Steps under logistic loss, cross-entropy and Poisson loss. The numbers are computed in enclosure.ml and put to the verified
   checkers, with numbers on the right side of each exponential and logarithm. *)
open Fault
module C = Checker
module N = Network
module E = Enclosure

type ends = Q.t * Q.t

let about (net : N.t) = Option.get net.log_problem
let confirmed ok = if not ok then raise (Declined "a risk that needs more places")
let fits (net : N.t) th = List.map (fun (x, _) -> List.map N.of_q (C.predict net.problem (N.cparams th) (N.vec x))) net.data

(* exponentials and logarithms in the loss of a prediction *)
let parts (net : N.t) f = match net.loss with
  | N.Logistic -> List.map (fun a -> E.log_sum_exp [ Q.zero; a ]) f
  | N.Cross_entropy _ -> [ E.log_sum_exp f ]
  | _ -> List.map E.exp f
(* binary places that the verified checkers compute with, and those of the numbers proposed; exponentials themselves may be large *)
type digits = { places : int; given : int }
let digits (net : N.t) = if net.loss = N.Poisson then { places = 208; given = 160 } else { places = 168; given = 152 }
(* numbers below those parts, as the verified checkers can tell without an exponential *)
let floors (net : N.t) f = match net.loss with
  | N.Logistic -> List.map (Q.max Q.zero) f
  | N.Cross_entropy _ -> [ List.fold_left Q.max (List.hd f) f ]
  | _ -> List.map (fun _ -> Q.zero) f
let proposals net digits above =
  let number part least = let x = E.outside digits.given above part in N.q (if above then x else Q.max x least) in
  List.map (fun f -> List.map2 number (parts net f) (floors net f))
let risk (net : N.t) fits : ends =
  let loss (_, y) f = E.plus (E.exact (Q.neg (Propose.dot y f)) :: parts net f) in
  E.scaled net.factor (E.plus (List.map2 loss net.data fits))

let point (net : N.t) th : ends =
  let f = fits net th in
  let lo, hi = risk net f and d = digits net in
  confirmed (C.ok_log_risk (Z.of_int d.places) (about net) (N.cparams th) (proposals net d false f) (proposals net d true f) (N.q lo) (N.q hi));
  (lo, hi)

(* arguments of the logarithms in the entropy of probabilities or rates *)
let arguments (net : N.t) p = match net.loss with N.Logistic -> p @ List.map (fun a -> Q.(one - a)) p | _ -> p
let logarithms net digits = List.map (fun p -> List.map (fun a -> N.q (if Q.sign a <= 0 then Q.zero else E.outside digits.given true (E.log a))) (arguments net p))
let least (net : N.t) dual =
  let entropy p =
    let terms = List.map (fun a -> E.times (Q.neg a) (E.log a)) (List.filter (fun a -> Q.sign a <> 0) (arguments net p)) in
    E.plus (match net.loss with N.Poisson -> E.exact (List.fold_left Q.add Q.zero p) :: terms | _ -> terms) in
  fst (E.scaled net.factor (E.plus (List.map entropy dual)))
let inside (net : N.t) strictly p =
  let above a = if strictly then Q.sign a > 0 else Q.sign a >= 0 in
  List.for_all above p
  && match net.loss with
     | N.Logistic -> List.for_all (fun a -> above Q.(one - a)) p
     | N.Cross_entropy _ -> Q.equal (List.fold_left Q.add Q.zero p) Q.one
     | _ -> true

let hidden_widths (net : N.t) = List.tl (List.rev (List.tl net.widths))
(* three numbers at which an activation has different values, from its first bend on *)
let bend ((ps, _) as h : N.activation) =
  let ts = List.map (fun ((t, _), _) -> t) ps in
  let first, last = match ts with [] -> (Q.zero, Q.zero) | t :: _ -> (t, List.nth ts (List.length ts - 1)) in
  let value z = let _, _, v = Propose.sides h z in v in
  let rec go = function a :: (b :: _ as l) -> if Q.equal (value a) (value b) then go l else (a, b) | _ -> (first, first) in
  let a, b = go ((Q.(first - one) :: (if ts = [] then [ first ] else ts)) @ [ Q.(last + one) ]) in
  ((N.q a, N.q b), N.q b)

(* the dual of the labels over a span *)
let dual_over (net : N.t) (f : Read.fields) vectors strictly =
  let n = List.length net.data and outputs = List.nth net.widths (List.length net.widths - 1) in
  let dual = Read.need f "dual" (Read.sized n (Read.sized outputs Read.canonical)) in
  if not (List.for_all (inside net strictly) dual) then rejected (Read.at f "dual") "is not in the domain, or not strictly";
  let moment k phi = List.fold_left2 (fun s (p, (_, y)) x -> Q.(s + ((List.nth p k - List.nth y k) * x))) Q.zero (List.combine dual net.data) phi in
  for k = 0 to outputs - 1 do
    if List.exists (fun phi -> Q.sign (moment k phi) <> 0) vectors then rejected (Read.at f "dual") "a moment is not that of the labels"
  done;
  dual

(* what a step is about: pieces for the hidden layers, none of slope 0 or one that is, or the cell of a point *)
type place = Sloped | Flat of int list | Cell of Span.t
let by_pieces (net : N.t) (f : Read.fields) =
  let acts = net.acts in
  let pieces = Read.need f "pieces" (Read.sized (List.length acts) Read.natural) in
  if List.mem false net.biases then rejected (Read.at f "pieces") "needs hidden biases and an output bias";
  let slope (ps, (s, _)) p =
    let slopes = List.map (fun ((_, s), _) -> s) ps @ [ s ] in
    if p >= List.length slopes then rejected (Read.at f "pieces") "the activation has no such piece" else List.nth slopes p in
  if List.exists (fun s -> Q.sign s = 0) (List.map2 slope acts pieces) then Flat pieces else Sloped
let at_point (net : N.t) where th =
  let place = Span.at net where th in
  let columns = Span.transposed place.entering in
  if Span.rank (columns @ place.vectors) > Span.rank columns then rejected where "the last layer does not reach all predictions that its cell can make";
  Cell place
let ones (net : N.t) = List.map (fun _ -> Q.one) net.data
let inputs (net : N.t) = Span.transposed (List.map fst net.data)
let vectors (net : N.t) = function Sloped -> inputs net @ [ ones net ] | Flat _ -> [ ones net ] | Cell place -> place.Span.vectors
(* whether what the place can predict is what affine maps can *)
let affine net place =
  let full = inputs net @ [ ones net ] and own = vectors net place in
  let size = Span.rank own in
  size = Span.rank full && size = Span.rank (full @ own)
(* an affine map in a field, the constant first *)
let affine_field (net : N.t) f name =
  let inputs = List.hd net.widths and outputs = List.nth net.widths (List.length net.widths - 1) in
  let bias_first row = match List.rev row with b :: w -> b :: List.rev w | [] -> [] in
  List.map bias_first (Read.need f name (Read.sized outputs (Read.sized (inputs + 1) Read.canonical)))
let mapped rows (x, _) = List.map (fun row -> Propose.dot row (Q.one :: x)) rows
(* the outputs, but for one where a constant changes nothing *)
let carried (net : N.t) =
  let outputs = List.nth net.widths (List.length net.widths - 1) in
  match net.loss with N.Cross_entropy _ -> outputs - 1 | _ -> outputs

(* a number strictly inside a piece *)
let inside_piece ((ps, _) : N.activation) p =
  let ts = List.map (fun ((t, _), _) -> t) ps in
  match (if p > 0 then Some (List.nth ts (p - 1)) else None), List.nth_opt ts p with
  | None, None -> Q.zero
  | Some a, None -> Q.(a + one)
  | None, Some b -> Q.(b - one)
  | Some a, Some b -> Q.((a + b) / of_int 2)
(* hidden layers without weights, on these pieces; from the last to the first *)
let still (net : N.t) pieces =
  let layer (width, before) h p = List.init width (fun _ -> inside_piece h p :: List.init before (fun _ -> Q.zero)) in
  let rec go widths acts pieces = match widths, acts, pieces with
    | before :: (width :: _ as rest), h :: acts, p :: pieces -> go rest acts pieces @ [ layer (width, before) h p ]
    | _ -> [] in
  go net.widths net.acts pieces

(* the minima at best constants *)
let constants (net : N.t) (f : Read.fields) pieces dual : ends =
  let outputs = List.nth net.widths (List.length net.widths - 1) and n = List.length net.data in
  let near = List.map List.hd (Read.need f "near" (Read.sized outputs (Read.sized 1 Read.canonical))) in
  let same = match net.data with (x, _) :: rest -> List.for_all (fun (x', _) -> List.for_all2 Q.equal x x') rest | [] -> true in
  if same then raise (Rests_on "span_minimum");
  let mean = List.init outputs (fun k -> Q.(List.fold_left (fun s (_, y) -> s + List.nth y k) zero net.data / of_int n)) in
  let fits = List.map (fun _ -> near) net.data in
  let lo = least net dual and _, hi = risk net fits and d = digits net in
  confirmed (C.ok_constants (Z.of_int d.places) (about net) (hidden_widths net) (N.cparams (still net pieces)) (N.vec mean) (List.map N.vec dual)
    (logarithms net d dual) (N.vec near) (proposals net d true fits) (N.q lo) (N.q hi));
  (lo, hi)

(* the minima of a point's cell *)
let cell (net : N.t) th (upper : Q.t) (place : Span.t) affine dual : ends =
  if not (List.nth net.biases (List.length net.biases - 1)) || net.acts = [] then raise (Rests_on "span_minimum");
  let direction = List.mapi (fun i _ -> if i = 0 then Q.one else Q.zero) (List.hd place.before) in
  let rows = Span.left_inverse place.entering and equal = Span.averaged net place.entering dual in
  let lo = least net dual and d = digits net in
  let places = Z.of_int d.places and lists = List.map N.vec in
  let given f = f places (about net) (N.cparams th) 0 (N.vec direction) (N.vec (Span.change place)) (lists rows) (lists equal) (logarithms net d equal) (N.q lo) in
  confirmed (match if affine then Span.exchange net place.entering else None with
    | Some (from, back) -> given C.ok_cell_affine (lists from) (lists back)
    | None -> (not affine) && given C.ok_cell_span);
  (lo, upper)

(* the minima at a best affine map, at best constants, or in the cell of a point: an enclosure of their risk, and whether the span is that of affine maps *)
let span (net : N.t) (f : Read.fields) point : ends * bool =
  let place = match point with None -> by_pieces net f | Some (where, th, _) -> at_point net where th in
  let dual = dual_over net f (vectors net place) true in
  match place, point with
  | Cell cell_of, Some (_, th, upper) -> let affine = affine net place in (cell net th upper cell_of affine dual, affine)
  | Flat pieces, _ -> (constants net f pieces dual, false)
  | _ ->
    let near = affine_field net f "near" in
    let fits = List.map (mapped near) net.data in
    if List.exists (fun w -> w <= carried net) (hidden_widths net) then raise (Rests_on "span_minimum");
    let equal = Span.averaged net (List.map (fun (x, _) -> x) net.data) dual in
    let lo = least net dual and _, hi = risk net fits and d = digits net in
    confirmed (C.ok_span (Z.of_int d.places) (about net) (hidden_widths net) (List.map bend (List.rev net.acts)) (List.map N.vec equal) (logarithms net d equal)
      (List.map N.vec near) (proposals net d true fits) (N.q lo) (N.q hi));
    ((lo, hi), true)

(* no affine map is best: an enclosure of the infimum of their risks *)
let no_minimum (net : N.t) (f : Read.fields) point : ends =
  let place = match point with None -> by_pieces net f | Some (where, th) -> at_point net where th in
  let span = vectors net place in
  let dual = dual_over net f span false in
  (* the affine map with the predictions of a combination of the span's vectors *)
  let combined name =
    let outputs = List.nth net.widths (List.length net.widths - 1) in
    let given = Read.need f name (Read.sized outputs (Read.sized (List.length span) Read.canonical)) in
    let of_row row = List.fold_left2 (fun sum b phi -> List.map2 (fun s x -> Q.(s + (b * x))) sum phi) (List.map (fun _ -> Q.zero) net.data) row span in
    Propose.affine net (Span.transposed (List.map of_row given)) in
  let map name = match combined name with Some rows -> rows | None -> raise (Rests_on "no_minimum") in
  let direction = map "direction" in
  let loss = (about net).C.loss_of and along sample = N.vec (mapped direction sample) in
  if not (List.for_all (fun ((_, y) as s) -> C.sided loss (along s) (N.vec y)) net.data) then rejected (Read.at f "direction") "a loss grows along it";
  if not (List.exists (fun s -> C.moving loss (along s)) net.data) then rejected (Read.at f "direction") "the risk is constant along it";
  let near = map "near" in
  if not (affine net place) || (place = Sloped && List.exists (fun w -> w < carried net) (hidden_widths net)) then raise (Rests_on "no_minimum");
  let kept (x, y) =
    let f, y = C.what_stays loss (List.map N.vec direction) (List.map N.vec near) (N.vec x, N.vec y) in
    (List.map N.of_q f, List.map N.of_q y) in
  let rest = List.map kept net.data in
  let limit (f, y) = match net.loss with
    | N.Cross_entropy _ -> E.plus (E.exact (Q.neg (Propose.dot y f)) :: parts net f)
    | _ -> E.plus (List.map2 (fun a b -> E.plus (E.exact (Q.neg Q.(a * b)) :: parts net [ a ])) f y) in
  let lo = least net dual and _, hi = E.scaled net.factor (E.plus (List.map limit rest)) and d = digits net in
  confirmed (C.ok_no_minimum (Z.of_int d.places) (about net) (List.map N.vec dual) (logarithms net d dual) (List.map N.vec direction) (List.map N.vec near)
    (proposals net d true (List.map fst rest)) (N.q lo) (N.q hi));
  (lo, hi)

(* a curve along which the risk falls: what changes first, and where the loss's derivatives are taken *)
let descent (net : N.t) where path =
  let p = about net and path = List.map (List.map (List.map N.vec)) path in
  let tracks = List.map (fun (f, y) -> (List.map N.of_q f, N.of_q y)) (C.tracks p.C.layers path p.C.samples) in
  let coefficient m (f, _) = match List.nth_opt f m with Some c -> c | None -> Q.zero in
  let degree = List.fold_left (fun d (f, _) -> max d (List.length f)) 1 tracks in
  let begins (f, _) = List.hd f in
  let key track = if net.loss = N.Poisson then begins track else Q.abs (begins track) in
  let keys = List.sort_uniq Q.compare (List.filter (fun a -> Q.sign a <> 0) (List.map key tracks)) in
  let turned track = if net.loss = N.Poisson || Q.sign (begins track) >= 0 then Q.one else Q.minus_one in
  let sum f = List.fold_left (fun s track -> Q.(s + f track)) Q.zero tracks in
  let at m a = sum (fun track -> if Q.sign (begins track) <> 0 && Q.equal (key track) a then Q.(turned track * coefficient m track) else Q.zero) in
  let base ((_, y) as track) =
    let side = Q.sign (begins track) and counts = net.loss = N.Poisson in
    let shift = if side = 0 then (if counts then Q.one else Q.of_ints 1 2) else if counts || side > 0 then Q.zero else Q.one in
    Q.(shift - y) in
  let constant m = sum (fun track -> Q.(base track * coefficient m track)) in
  let orders = List.init (max 0 (degree - 1)) (fun m -> m + 1) in
  let fails : 'a. unit -> 'a = fun () -> rejected where "the risk does not fall along the curve" in
  let first = match List.find_opt (fun m -> List.exists (fun track -> Q.sign (coefficient m track) <> 0) tracks) orders with Some m -> m | None -> fails () in
  let moves m = Q.sign (constant m) <> 0 || List.exists (fun a -> Q.sign (at m a) <> 0) keys in
  let order = match List.find_opt (fun m -> m >= first && m < 2 * first && moves m) orders with Some m -> m | None -> fails () in
  let curve a = if net.loss = N.Poisson then E.exp a else E.logistic a in
  let lo, hi = E.plus (E.exact (constant order) :: List.map (fun a -> E.times (at order a) (curve a)) keys) in
  if Z.sign lo > 0 then fails () else if Z.sign hi >= 0 then raise (Declined "a combination of residuals is too close to 0 to decide its sign");
  let whole = List.fold_left (fun n a -> max n (Z.numbits (snd (E.exp a)) - E.places)) 0 keys in
  let side a = (N.q a, N.q (E.outside 160 (Q.sign (at order a) >= 0) (E.exp a))) in
  confirmed (C.ok_log_descent (Z.of_int (208 + (3 * whole))) p path (first - 1) (order - 1) (List.map side keys))

(* a point below those minima *)
let better (net : N.t) (low, _) th (_, high) =
  confirmed (C.ok_log_better (about net) (hidden_widths net) (N.cparams th) (N.q low) (N.q high))

let tree_bound (net : N.t) (f : Read.fields) =
  let where = f.Read.where in
  let rho = Read.need f "risk" Read.canonical and integers = Read.listed Read.integer in
  let vectors = Read.need f "vectors" (Read.listed integers) and scales = Read.need f "scales" (Read.listed Read.canonical) in
  let tree = Read.need f "tree" integers in
  if List.length net.widths <> 3 || List.nth net.widths 2 <> 1 then rejected where "needs one hidden layer and scalar output";
  if List.length scales <> List.length vectors || List.exists (fun q -> Q.sign q <= 0) scales then rejected (Read.at f "scales") "one above 0 for each vector";
  if List.exists (fun g -> List.length g <> List.length net.data) vectors then rejected (Read.at f "vectors") "one integer for each sample";
  let named = List.sort_uniq Z.compare (List.filter (fun e -> Z.sign e >= 0) tree) in
  if List.length named <> List.length vectors then rejected (Read.at f "vectors") "not all are used, or one is missing";
  if Propose.sets_of_planes net > 3e6 then raise (Declined "too many rays");
  let dual g q = List.map2 (fun x (_, y) -> [ Q.(List.hd y - (of_bigint x / q)) ]) g net.data in
  let duals = List.map2 dual vectors scales in
  List.iter (fun p ->
    if not (List.for_all (inside net false) p) then rejected (Read.at f "vectors") "does not leave the dual point in the domain";
    if Q.lt (least net p) rho then rejected (Read.at f "vectors") "proves less than the claimed bound") duals;
  let width = List.nth net.widths 1 and s = Propose.scales net in
  let proved d =
    let given g (q, p) = (g, (N.q q, logarithms net d p)) in
    C.ok_log_tree (Z.of_int d.places) (about net) width s (Propose.homogeneous net) (Propose.coordinates net s) (min width (List.length net.data))
      (List.map2 given vectors (List.combine scales duals)) tree (N.q rho) in
  if not (proved (digits net)) then rejected where "the vectors and the tree do not prove the bound";
  rho
