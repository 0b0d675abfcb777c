(* What the verified functions say, of chains of layers and of general programs. *)
module C = Checker
module N = Network

let cslopes = List.map N.vec
let cpath = List.map (List.map (List.map N.vec))
(* the problem whose minimum is to be shown: with the linear loss of these slopes, or the given one *)
let shown_in (net : N.t) = function None -> net.problem | Some s -> C.minorant_of net.problem (cslopes s)
(* of a program the slopes themselves; none stand for the loss's derivatives *)
let given = Option.map cslopes

let risk (net : N.t) th = N.of_q (match net.program with None -> C.risk_Q net.problem (N.cparams th) | Some p -> C.program_risk_Q p (N.cparams th))
let predictions (net : N.t) th =
  let one = match net.program with None -> C.predict net.problem (N.cparams th) | Some p -> C.program_predict p (N.cparams th) in
  List.map (fun (x, _) -> List.map N.of_q (one (N.vec x))) net.data
let supports (net : N.t) th slopes = match net.program with
  | None -> C.ok_slopes net.problem (N.cparams th) (cslopes slopes)
  | Some p -> C.program_supports p (N.cparams th) (cslopes slopes)
(* strictly inside a cell *)
let inside (net : N.t) th = match net.program with
  | None -> C.ok_interior (shown_in net (Some (List.map (fun (_, y) -> List.map (fun _ -> Q.zero) y) net.data))) (N.cparams th)
  | Some p -> C.program_inside p (N.cparams th)
let interior (net : N.t) slopes th = match net.program with
  | None -> C.ok_interior (shown_in net slopes) (N.cparams th)
  | Some p -> C.ok_program_interior p (N.cparams th) (given slopes)
let adjacent (net : N.t) th = match net.program with
  | None -> C.ok_adjacent net.problem (N.cparams th)
  | Some p -> C.ok_program_adjacent p (N.cparams th) None
let better (net : N.t) (th, rho) (th', rho') = match net.program with
  | None -> C.ok_better net.problem (N.cparams th) (N.cparams th')
  | Some _ -> C.ok_program_better (N.cparams th) (N.cparams th') (N.q rho) (N.q rho')
let descent (net : N.t) path = match net.program with
  | None -> C.ok_descent net.problem (cpath path)
  | Some p -> C.ok_program_descent p (cpath path)
let valley (net : N.t) slopes path = match net.program with
  | None -> C.ok_valley (shown_in net slopes) (cpath path)
  | Some p -> C.ok_program_valley p (cpath path) (given slopes)
let affine (net : N.t) th slopes = match Propose.affine net (predictions net th) with
  | None -> false
  | Some rows -> (
      let th = N.cparams th and rows = List.map N.vec rows in
      match net.program with
      | None -> C.ok_affine_fit (shown_in net slopes) th rows
      | Some p -> C.ok_program_affine p th (given slopes) rows)
(* every activation is on one piece at all samples *)
let linear (net : N.t) th = match net.program with None -> false | Some p -> C.ok_program_linear p (N.cparams th)

(* no function of the inputs has a risk below rho, by these fits and slopes *)
let bounded_by (p : C.program) fits slopes rho = C.ok_program_bound p (cslopes fits) slopes (N.q rho)
let function_minimum (net : N.t) slopes th =
  let fits = predictions net th in
  match net.program with
  | None -> C.ok_global_function (shown_in net slopes) (N.cparams th) (cslopes fits)
  | Some p ->
      let slope (_, y) f = List.map2 (fun f y -> fst (Propose.slopes net f y)) f y in
      bounded_by p fits (cslopes (Option.value slopes ~default:(List.map2 slope net.data fits))) (risk net th)
let function_bound (net : N.t) fits rho =
  let slopes = cslopes (Propose.slopes_of_fits net fits) in
  match net.program with
  | Some p -> bounded_by p fits slopes rho
  | None when Propose.smooth net -> C.ok_function_bound net.problem (cslopes fits) (N.q rho)
  | None -> C.ok_function_bound (C.minorant_of net.problem slopes) (cslopes fits) (N.q Q.zero) && C.ok_lost net.problem (cslopes fits) slopes (N.q Q.zero) (N.q rho)
let attains (net : N.t) rho th = match net.program with
  | None -> C.ok_attains net.problem (N.q rho) (N.cparams th)
  | Some p -> C.ok_program_risk p (N.cparams th) (N.q rho)

(* the numbers of a valley: its dimension, and whether it is exact; none where there are too many paths through the network *)
let size (net : N.t) th =
  let parameters = List.length (List.concat (List.concat th)) in
  let paths = match net.program, net.nodes with
    | Some _, Some nodes -> Program.paths nodes
    | _ -> List.fold_left (fun n w -> n * (w + 1)) 1 (List.filteri (fun i _ -> i < List.length net.widths - 1) net.widths) * List.nth net.widths (List.length net.widths - 1) in
  if parameters > 500 || paths * List.length net.data > 50000 then None
  else begin
    let cth = N.cparams th in
    let columns = match net.program with None -> C.derivatives net.problem cth | Some p -> C.program_derivatives p cth in
    let pivots, inverse = Propose.basis_of (List.map (List.map N.of_q) columns) in
    let dimension = parameters - List.length pivots and inverse = List.map N.vec inverse in
    let shown exact = match net.program with
      | None -> C.ok_size net.problem cth pivots inverse dimension exact | Some p -> C.ok_program_size p cth pivots inverse dimension exact in
    if shown true then Some (dimension, true) else if shown false then Some (dimension, false) else None
  end
