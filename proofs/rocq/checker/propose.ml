(* Proposals for the verified checkers: what they need and can verify themselves. A wrong proposal is refused by them. *)
module N = Network

let dot u v = List.fold_left2 (fun s a b -> Q.(s + (a * b))) Q.zero u v
let sign_is_zero x = Q.sign x = 0
let denominators xs = List.fold_left (fun m (x : Q.t) -> Z.lcm m x.Q.den) Z.one xs

(* the primitive integer vector in the direction of a rational one *)
let primitive v =
  let l = denominators v in
  let zs = List.map (fun (x : Q.t) -> Z.mul x.Q.num (Z.divexact l x.Q.den)) v in
  let g = List.fold_left Z.gcd Z.zero zs in
  if Z.sign g = 0 then zs else List.map (fun z -> Z.divexact z g) zs

(* rational elimination: the reduced rows with the column of each pivot *)
let echelon rows =
  let reduce row (pivot, p) = let c = List.nth row p in if Q.sign c = 0 then row else List.map2 (fun a b -> Q.(a - (c * b))) row pivot in
  let rec first i = function [] -> None | x :: l -> if Q.sign x <> 0 then Some (i, x) else first (i + 1) l in
  List.fold_left (fun basis row ->
    let row = List.fold_left reduce row basis in
    match first 0 row with
    | None -> basis
    | Some (p, x) ->
        let row = List.map (fun a -> Q.(a / x)) row in
        List.map (fun (b, q) -> (reduce b (row, p), q)) basis @ [ (row, p) ]) [] rows

(* ---- an affine map with the predictions: rows a with <a, (1, x_i)> = f_i ---- *)
let affine (net : N.t) predictions =
  let xs = List.map (fun (x, _) -> Q.one :: x) net.data in
  let unknowns = List.length (List.hd xs) in
  let outputs = List.length (List.hd predictions) in
  let one k =
    let basis = echelon (List.map2 (fun x f -> x @ [ List.nth f k ]) xs predictions) in
    if List.exists (fun (_, p) -> p = unknowns) basis then None
    else Some (List.init unknowns (fun j -> match List.find_opt (fun (_, p) -> p = j) basis with
      | Some (row, _) -> List.nth row unknowns | None -> Q.zero)) in
  let rows = List.init outputs one in
  if List.mem None rows then None else Some (List.map Option.get rows)

(* ---- function_bound: the best target for the samples with the same input ---- *)
let clipped delta e = Q.max (Q.neg delta) (Q.min delta e)
(* the loss of f at the label y, and its slopes there: from the left, from the right *)
let loss (net : N.t) f y = let e = Q.(f - y) in match net.loss with
  | N.Squared -> Q.(e * e)
  | N.Huber delta -> let s = clipped delta e in Q.((s * e) - (s * s / of_int 2))
  | N.Absolute -> Q.abs e
  | N.Quantile tau -> Q.(max (neg tau * e) ((one - tau) * e))
  | N.Hinge -> Q.(max zero (one - (y * f)))
  | N.Logistic | N.Cross_entropy _ | N.Poisson -> Q.zero (* not asked for *)
let slopes (net : N.t) f y = let e = Q.(f - y) in
  let bent low high = ((if Q.sign e > 0 then high else low), (if Q.sign e < 0 then low else high)) in
  match net.loss with
  | N.Squared -> Q.(of_int 2 * e, of_int 2 * e)
  | N.Huber delta -> (clipped delta e, clipped delta e)
  | N.Absolute -> bent Q.minus_one Q.one
  | N.Quantile tau -> bent (Q.neg tau) Q.(one - tau)
  | N.Hinge -> if Q.sign y > 0 then bent Q.minus_one Q.zero else bent Q.zero Q.one
  | N.Logistic | N.Cross_entropy _ | N.Poisson -> (Q.zero, Q.zero)
let smooth (net : N.t) = match net.loss with N.Absolute | N.Quantile _ | N.Hinge -> false | _ -> true

(* the number with the least sum of losses: the mean; else where the sum of the slopes changes its sign *)
let best (net : N.t) ys = match net.loss with
  | N.Squared | N.Logistic | N.Cross_entropy _ | N.Poisson -> Q.(List.fold_left add zero ys / of_int (List.length ys))
  | N.Huber delta -> (
      let slope m = List.fold_left (fun s y -> Q.(s + clipped delta (m - y))) Q.zero ys in
      let marks = List.sort_uniq Q.compare (List.concat_map (fun y -> Q.[ y - delta; y + delta ]) ys) in
      let rec between low = function
        | high :: _ when Q.sign (slope high) >= 0 -> (low, high)
        | high :: rest -> between high rest
        | [] -> (low, low) in
      match between (List.hd marks) marks with
      | _, high when Q.sign (slope high) = 0 -> high
      | low, high -> (* linear from low to high *)
          let s = slope low in
          Q.(low - (s * (high - low) / (slope high - s))))
  | N.Absolute | N.Quantile _ | N.Hinge ->
      let total m = List.fold_left (fun s y -> Q.(s + loss net m y)) Q.zero ys in
      List.fold_left (fun m y -> if Q.lt (total y) (total m) then y else m) (List.hd ys) ys

(* slopes at these fits that add up to 0 over equal inputs, where fits are best *)
let slopes_of_fits (net : N.t) fits =
  let same x x' = List.for_all2 Q.equal x x' in
  let ends = List.map2 (fun (x, y) fit -> (x, List.map2 (slopes net) fit y)) net.data fits in
  List.map (fun (x, mine) ->
    let group = List.map snd (List.filter (fun (x', _) -> same x x') ends) in
    List.mapi (fun k (low, high) ->
      let total part = List.fold_left (fun s each -> Q.(s + part (List.nth each k))) Q.zero group in
      let lows = total fst and highs = total snd in
      if Q.equal lows highs then low else Q.(low - (lows * (high - low) / (highs - lows)))) mine) ends

let means (net : N.t) =
  let same x x' = List.for_all2 Q.equal x x' in
  let rec columns = function [] :: _ | [] -> [] | rows -> List.map List.hd rows :: columns (List.map List.tl rows) in
  List.map (fun (x, _) -> List.map (best net) (columns (List.map snd (List.filter (fun (x', _) -> same x x') net.data)))) net.data

(* ---- global_lower_bound ---- *)
(* factors that turn the inputs and the activation into integers *)
let scales (net : N.t) =
  let ps, (s, o) = List.hd net.acts in
  let l = denominators (List.concat_map fst net.data) in
  let a = denominators (List.map (fun ((t, _), _) -> t) ps) in
  let b = denominators (s :: o :: List.concat_map (fun ((_, s), o) -> [ s; o ]) ps) in
  ((l, a), b)

let homogeneous (net : N.t) =
  let ps, (_, o) = List.hd net.acts in
  sign_is_zero o && List.for_all (fun ((t, _), o) -> sign_is_zero t && sign_is_zero o) ps

(* For an affine activation the tree splits by coordinates: those of the columns of (x, 1) that are a basis of the
   column space. As linear forms in the verified checker's scaled weights: (nu,) bias, weights. *)
let coordinates (net : N.t) ((l, a), _) =
  let ps, (s, o) = List.hd net.acts in
  if ps <> [] then []
  else begin
    let bias = List.hd net.biases in
    let table = List.map (fun (x, _) -> if bias then x @ [ Q.one ] else x) net.data in
    let basis = echelon table in
    let pivots = List.sort compare (List.map snd basis) in
    let width = List.length (List.hd table) in
    let form p =
      let row, _ = List.find (fun (_, q) -> q = p) basis in
      let weights = List.init (if bias then width - 1 else width) (fun c -> Q.(List.nth row c * of_bigint l)) in
      let shift = if bias then List.nth row (width - 1) else Q.zero in
      let nu = if bias && Q.sign s <> 0 then Q.(shift * o / s * of_bigint a) else Q.zero in
      primitive ((if homogeneous net then [] else [ nu ]) @ (if bias then [ shift ] else []) @ weights) in
    List.map form pivots
  end

(* y - f of the networks whose risk is what a vector proves, if that is the bound itself *)
let residual (net : N.t) rho g =
  let g = List.map Q.of_bigint g in
  let s = List.fold_left2 (fun s a (_, y) -> Q.(s + (a * List.hd y))) Q.zero g net.data and n = dot g g in
  if Q.equal Q.(rho * n) Q.(net.factor * s * s) then Some (List.map (fun a -> Q.(a * s / n)) g) else None

(* ---- face_minimum ---- *)
(* value and one-sided slopes of the activation at z *)
let sides (ps, (s, o)) z =
  let rec go = function
    | [] -> (s, s, Q.((s * z) + o))
    | ((t, s1), o1) :: rest ->
        if Q.lt z t then (s1, s1, Q.((s1 * z) + o1))
        else if Q.equal z t then (s1, (match rest with [] -> s | ((_, s2), _) :: _ -> s2), Q.((s1 * z) + o1))
        else go rest in
  go ps

(* pull: the loss's slope at each sample, without the factor. Per unit: the sign of its output weight, the derivative g and the bends a_u by primitive direction u, sorted; and per sample
   (x, r, one-sided slopes). For one hidden layer and scalar output, as FORMAT.md's face_minimum has them. *)
let kinks (net : N.t) th pull =
  match th with
  | [ [ out ]; w ] ->
      let h = List.hd net.acts and hb = List.hd net.biases and ob = List.nth net.biases 1 in
      let vs = if ob then List.tl out else out in
      let res = List.map (fun r -> Q.(net.factor * List.hd r)) pull in
      let ext x = if hb then Q.one :: x else x in
      let unit row v =
        let items = List.map2 (fun (x, _) r -> let x = ext x in (x, r, sides h (dot row x))) net.data res in
        let zero = List.map (fun _ -> Q.zero) row in
        let g = List.fold_left (fun g (x, r, (sm, sp, _)) ->
          let rate = Q.(r * (sm + sp) / of_int 2) in List.map2 (fun a b -> Q.(a + (rate * b))) g x) zero items in
        let bent = List.filter (fun (x, _, (sm, sp, _)) -> not (Q.equal sm sp) && List.exists (fun c -> Q.sign c <> 0) x) items in
        let directed x = (* the bias last, as the certificate has it *)
          let u = primitive (if hb then List.tl x @ [ List.hd x ] else x) in
          if Z.sign (List.find (fun z -> Z.sign z <> 0) u) < 0 then List.map Z.neg u else u in
        let add found (x, r, (sm, sp, _)) =
          let u = directed x in
          let x = if hb then List.tl x @ [ List.hd x ] else x in
          let lead, c = List.find (fun (z, _) -> Z.sign z <> 0) (List.combine u x) in
          let bend = Q.(r * (sp - sm) / of_int 2 * abs (c / of_bigint lead)) in
          let old = Option.value (List.assoc_opt u found) ~default:Q.zero in
          (u, Q.add old bend) :: List.remove_assoc u found in
        let bends = List.sort (fun (u, _) (v, _) -> List.compare Z.compare u v) (List.fold_left add [] bent) in
        (Q.sign v, (if hb then List.tl g @ [ List.hd g ] else g), bends, items) in
      List.map2 unit w vs
  | _ -> []

(* whether a unit's multipliers are those that the certificate must give (a list), as the Python core checks them *)
let multipliers_fit (side, g, bends, _) mu =
  let v = Q.of_int side in
  if side = 0 then mu = []
  else
    List.length mu = List.length bends
    && List.for_all2 (fun m (_, a) -> Q.leq (Q.abs m) Q.(v * a)) mu bends
    && List.for_all2 Q.equal (List.map (fun x -> Q.(v * x)) g)
         (List.mapi (fun c _ -> List.fold_left2 (fun s m (u, _) -> Q.(s + (m * of_bigint (List.nth u c)))) Q.zero mu bends) g)

(* how many sets of planes the rays of a unit take *)
let binomial n k = let rec go acc i = if i > k then acc else go (acc *. float_of_int (n - k + i) /. float_of_int i) (i + 1) in go 1. 1
(* the same for a unit of the network: its planes, and those of the coordinates *)
let sets_of_planes (net : N.t) =
  let dimension = List.hd net.widths + (if List.hd net.biases then 1 else 0) + if homogeneous net then 0 else 1 in
  binomial ((List.length net.data * max 1 (List.length (fst (List.hd net.acts)))) + dimension) (dimension - 1)
let many_rays (_, g, bends, _) = let d = List.length g in binomial (List.length bends + d) (d - 1) > 20000.

(* from a multiplier for each direction to one for each sample, of r = c l' without the factor c *)
let per_sample (net : N.t) (side, _, bends, items) mu =
  let hb = List.hd net.biases in
  let last x = if hb then List.tl x @ [ List.hd x ] else x in
  let direction x = let u = primitive (last x) in
    if Z.sign (List.find (fun z -> Z.sign z <> 0) u) < 0 then List.map Z.neg u else u in
  let is_bent (x, _, (sm, sp, _)) = (not (Q.equal sm sp)) && List.exists (fun c -> Q.sign c <> 0) x in
  let count u = List.length (List.filter (fun (x, a, s) -> is_bent (x, a, s) && List.equal Z.equal (direction x) u) items) in
  List.map (fun ((x, r, (sm, sp, _)) as item) ->
    let mid = Q.(r * (sm + sp) / of_int 2) in
    let mine =
      if not (is_bent item) then mid
      else
        let u = direction x in
        let lead, c = List.find (fun (z, _) -> Z.sign z <> 0) (List.combine u (last x)) in
        let kappa = Q.(c / of_bigint lead) in
        let m = match List.assoc_opt u (List.combine (List.map fst bends) mu) with Some m when side <> 0 -> m | _ -> Q.zero in
        Q.(mid - (of_int side * m / (kappa * of_int (count u)))) in
    Q.(mine / net.factor)) items

(* ---- pre-activations on a breakpoint ---- *)
(* how many there are, apart from those of first-layer rows that are 0 whatever the weights (dead rows); and of those *)
let rec on_breakpoints (net : N.t) th = match net.program with Some p -> (program_breakpoints net p th, 0) | None -> chain_breakpoints net th
(* of a program all, those that no parameter moves among them *)
and program_breakpoints (net : N.t) (p : Checker.program) th =
  let v = Array.of_list (List.concat (List.concat th)) in
  let value u (s, k) = let a = match s with Checker.Free k -> v.(k) | Checker.Number x -> N.of_q x in Q.(a * u.(k)) in
  let apply (ps, (s, o)) z = let rec go = function
    | [] -> Q.((s * z) + o) | ((t, s), o) :: rest -> if Q.leq z t then Q.((s * z) + o) else go rest in go ps in
  let act (ps, (s, o)) = (List.map (fun ((t, s), o) -> ((N.of_q t, N.of_q s), N.of_q o)) ps, (N.of_q s, N.of_q o)) in
  let count x =
    let node (u, found) = function
      | Checker.Affine rows -> (Array.append u (Array.of_list (List.map (fun row -> List.fold_left (fun z e -> Q.(z + value u e)) Q.zero row) rows)), found)
      | Checker.Bend (h, units) ->
          let (ps, _) as h = act h in
          let kinks = List.filter (fun k -> List.exists (fun ((t, _), _) -> Q.equal t u.(k)) ps) units in
          (Array.append u (Array.of_list (List.map (fun k -> apply h u.(k)) units)), found + List.length kinks) in
    snd (List.fold_left node (Array.of_list (Q.one :: x), 0) p.nodes) in
  List.fold_left (fun n (x, _) -> n + count x) 0 net.data
and chain_breakpoints (net : N.t) th =
  let outer = List.rev (List.combine net.acts (List.filteri (fun i _ -> i < List.length net.acts) net.biases)) in
  let count dead found (sm, sp, _) = let live, idle = found in
    if Q.equal sm sp then found else if dead then (live, idle + 1) else (live + 1, idle) in
  let rec go layers rows x = match (layers, rows) with
    | (h, bias) :: below, w :: rest ->
        let a, found = go below rest x in
        let dead = below = [] && (not bias) && List.for_all sign_is_zero a in
        let sides = List.map (fun row -> sides h (dot row (if bias then Q.one :: a else a))) w in
        (List.map (fun (_, _, v) -> v) sides, List.fold_left (count dead) found sides)
    | _ -> (x, (0, 0)) in
  List.fold_left (fun (live, idle) (x, _) -> let _, (l, i) = go outer (List.tl th) x in (live + l, idle + i)) (0, 0) net.data

(* ---- a valley's numbers: columns that are a basis of their span, by number, and the rows that are dual to them ---- *)
let basis_of columns =
  let reduce row (pivot, p) = let c = List.nth row p in if Q.sign c = 0 then row else List.map2 (fun a b -> Q.(a - (c * b))) row pivot in
  let rec first i = function [] -> None | x :: l -> if Q.sign x <> 0 then Some (i, x) else first (i + 1) l in
  let add (found, chosen) (k, column) =
    let row = List.fold_left reduce column (List.rev found) in
    match first 0 row with
    | None -> (found, chosen)
    | Some (p, x) -> ((List.map (fun a -> Q.(a / x)) row, p) :: found, k :: chosen) in
  let found, chosen = List.fold_left add ([], []) (List.mapi (fun k column -> (k, column)) columns) in
  let chosen = List.rev chosen and places = List.sort compare (List.map snd found) in
  let size = List.length chosen in
  (* the square part of the chosen columns at these places, beside the identity; reduced it is the inverse *)
  let augmented = List.mapi (fun j k ->
    let column = List.nth columns k in
    List.map (List.nth column) places @ List.init size (fun i -> if i = j then Q.one else Q.zero)) chosen in
  let reduced = echelon augmented in
  let entry i j = let row, _ = List.find (fun (_, q) -> q = i) reduced in List.nth row (size + j) in
  let length = match columns with c :: _ -> List.length c | [] -> 0 in
  let row j = List.init length (fun i -> match List.find_opt (fun (_, place) -> place = i) (List.mapi (fun n place -> (n, place)) places) with
    | Some (n, _) -> entry n j | None -> Q.zero) in
  (chosen, List.init size row)
