(* The steps of a certificate: what each proves, by verified functions.
   Not verified: this reading of them. It can only ask the verified functions, and record what they said. *)
open Fault
module C = Checker
module N = Network
module V = Verified

type point = { th : N.params; risk : Q.t; given : bool; step : int }
type real_point = { par : N.params; ends : Reals.ends; from_file : bool }
type bound = By_functions (* or a tree about a program: for every network *) | By_tree of { width : int; vectors : Z.t list list; tree : Z.t list }
(* for each sample the slopes of the loss that a minimum rests on, without the factor; none where the loss has one each *)
type slopes = Q.t list list option
type fact =
  | Point of point
  | Minimum of { at : point; inside : bool; slopes : slopes }
  | Spurious of { at : point; better : point; inside : bool; affine : bool; linear : bool; slopes : slopes }
  | Global of { at : point; affine : bool }
  | No_minimum of point
  | Valley of { at : point; better : point option; size : (int * bool) option (* dimension, exact *); chain : bool }
  | Lower of { rho : Q.t; how : bound }
  | Bracket of Q.t * Q.t
  | Enclosed of real_point
  | Minimum_real of real_point
  | No_minimum_real of real_point
  | Spurious_point of { at : real_point; better : Reals.ends }
  | Span of { ends : Reals.ends; affine : bool; cell : N.params option }
  | Spurious_real of { ends : Reals.ends; better : Reals.ends; affine : bool; cell : bool }
  | Real_bracket of Reals.ends
  | Limit of Q.t
  | Infimum of { rho : Q.t; how : bound }
  | Not_attained of Q.t (* no network has the infimum *)
  | No_best of Reals.ends (* no affine map is best: their infimum *)
  | Open of string (* a rule without a verified checker *)
  | Unused (* not tried: the certificate is rejected in the end *)

let describe = function
  | Point _ -> "a point" | Minimum _ -> "a local minimum" | Spurious _ -> "a spurious local minimum" | Global _ -> "a global minimum"
  | No_minimum _ | No_minimum_real _ -> "not a local minimum" | Valley _ -> "a valley" | Lower _ -> "a lower bound" | Bracket _ | Real_bracket _ -> "a bracket" | Enclosed _ -> "a point" | Minimum_real _ -> "a local minimum" | Spurious_point _ -> "a spurious local minimum" | Span _ -> "local minima" | Spurious_real _ -> "spurious local minima" | Limit _ -> "a limit" | Infimum _ -> "an infimum" | Not_attained _ -> "that no network attains the infimum" | No_best _ -> "that no affine map is best" | Open r -> r | Unused -> "nothing"

(* every rule of the format; those without a case in `prove` have no verified checker *)
let all_rules = [ "point"; "interior_minimum"; "face_minimum"; "adjacent_cells"; "descent"; "spurious_minimum"; "function_minimum"; "valley";
  "function_bound"; "global_lower_bound"; "global_minimum"; "bracket"; "limit"; "infimum"; "not_attained"; "assumptions"; "linear_collapse";
  "critical_point"; "second_order"; "cell_kkt"; "cell_cover"; "cell_minima"; "cell_infimum"; "constant_risk_path"; "atlas"; "face_atlas"; "enclosed_point"; "span_minimum"; "spurious_real"; "no_minimum"; "zero_infimum";
  "real_interior_minimum"; "real_face_minimum"; "real_function_minimum"; "real_descent"; "real_lower_bound"; "minimum_in_box"; "face_span"; "decay_bound"; "tree_bound";
  "restricted_face_minimum"; "restricted_lower_bound"; "substitution"; "cell_traps"; "spurious_labels"; "every_slope"; "spurious_radius";
  "face_radius"; "cell_radius"; "global_radius"; "spurious_region"; "face_region"; "hull"; "closed_list"; "real_cell_traps"; "slope_region"; "global_region" ]

type state = { net : N.t; facts : fact array; premises : int list array; rules : string array (* of each step *) }

let printable x = if max (Z.numbits x.Q.num) (Z.numbits x.Q.den) > 12000 then raise (Declined "a number too long to be stated") else x

(* ---- reading steps ---- *)
let any _ v = v
let index state where n number =
  if n >= number then rejected where "step %d does not come before this one" n;
  state.premises.(number) <- n :: state.premises.(number);
  state.facts.(n)

let premise state roles number role expected =
  let n = Read.need roles role Read.natural in
  match index state (Read.at roles role) n number with
  | Open rule -> raise (Rests_on rule)
  | fact -> (match expected fact with Some v -> v | None -> rejected (Read.at roles role) "step %d proves %s" n (describe fact))

let a_point = function Point p -> Some p | _ -> None
let a_bound = function Lower { rho; how } -> Some (rho, how) | _ -> None

(* the fields of a polynomial path: a number, or two or more coefficients, the last not 0 *)
let polynomial where = function
  | Json.List _ as v ->
      let l = Read.listed Read.canonical where v in
      if List.length l < 2 || Q.sign (List.nth l (List.length l - 1)) = 0 then
        malformed where "expected at least two coefficients, the last one not 0";
      l
  | v -> [ Read.canonical where v ]

let curve state f name start =
  let path = Read.need f name (state.net.N.point.read polynomial) in
  let begins = List.map (List.map (List.map List.hd)) path in
  if not (List.for_all2 (List.for_all2 (List.for_all2 Q.equal)) begins start) then rejected (Read.at f name) "does not start at the point";
  path

let demand where ok what = if not ok then rejected where "%s" what
let shallow net = List.length net.N.widths = 3 && List.nth net.N.widths 2 = 1

(* "parameters": those of the network file, or others; which of the two *)
let own_point net f =
  match List.assoc_opt "parameters" f.Read.left with
  | Some (Json.Text "given") -> (
      ignore (Read.take f "parameters" Read.text);
      match net.N.given with Some th -> (true, th) | None -> rejected f.Read.where "the network file gives no parameters")
  | _ -> (false, Read.need f "parameters" (net.N.point.read Read.canonical))

(* "subgradient": where the loss is not differentiable, with the factor; each between the slopes of both sides *)
let read_slopes net f (at : point) =
  if Propose.smooth net then None
  else begin
    let outputs = List.nth net.N.widths (List.length net.N.widths - 1) in
    let given = Read.need f "subgradient" (Read.sized (List.length net.N.data) (Read.sized outputs Read.canonical)) in
    let slopes = List.map (List.map (fun r -> Q.(r / net.N.factor))) given in
    demand (Read.at f "subgradient") (V.supports net at.th slopes) "is not a subgradient of the loss there";
    Some slopes
  end
let pull net th = function
  | Some s -> s
  | None -> List.map2 (fun (_, y) f -> List.map2 (fun f y -> fst (Propose.slopes net f y)) f y) net.N.data (V.predictions net th)

let face_proposals state f (at : point) =
  let net = state.net in
  let read where = function Json.Null -> None | v -> Some (Read.listed Read.canonical where v) in
  let given = Read.need f "multipliers" (Read.listed read) in
  if not (shallow net) then rejected f.Read.where "needs one hidden layer and scalar output";
  if List.length given <> List.nth net.N.widths 1 then rejected (Read.at f "multipliers") "expected one entry for each unit";
  let slopes = read_slopes net f at in
  let units = Propose.kinks net at.th (pull net at.th slopes) in
  slopes, List.map2 (fun unit mu -> match mu with
    | Some mu ->
        demand (Read.at f "multipliers") (Propose.multipliers_fit unit mu) "do not fit";
        if Propose.many_rays unit then Some (N.vec (Propose.per_sample net unit mu)) else None
    | None -> if Propose.many_rays unit then raise (Declined "too many rays") else None) units given

let read_tree f =
  let where = f.Read.where in
  let rho = Read.need f "risk" Read.canonical in
  let integers = Read.listed Read.integer in
  let vectors = Read.need f "vectors" (Read.listed integers) in
  let tree = Read.need f "tree" integers in
  let named = List.sort_uniq Z.compare (List.filter (fun e -> Z.sign e >= 0) tree) in
  let used () =
    if Q.sign rho <= 0 then rejected where "the bound is not above 0";
    demand (where ^ ".vectors") (List.length named = List.length vectors) "not all are used, or one is missing" in
  (rho, vectors, tree, used)
let few_rays net = if Propose.sets_of_planes net > 3e6 then raise (Declined "too many rays")

let tree_bound state f =
  let net = state.net in
  let where = f.Read.where in
  let rho, vectors, tree, used = read_tree f in
  if not (shallow net) then rejected where "needs one hidden layer and scalar output";
  used ();
  let width = List.nth net.N.widths 1 in
  let units = min width (List.length net.N.data) in
  few_rays net;
  let s = Propose.scales net in
  demand where
    (C.ok_tree_bound net.N.problem width s (Propose.homogeneous net) (Propose.coordinates net s) units vectors tree (N.q rho))
    "the vectors and the tree do not prove the bound";
  Lower { rho = printable rho; how = By_tree { width; vectors; tree } }

(* the same for a program with one layer of bent units, as a chain whose units have free rows *)
let restricted_tree state f =
  let net = state.net in
  let where = f.Read.where in
  let rho, vectors, tree, used = read_tree f in
  match net.N.program, net.N.nodes with
  | Some p, Some nodes ->
      let units = Program.one_layer nodes where in
      let act = match units with
        | [] -> rejected where "needs a bent unit whose output weight is not 0"
        | u :: rest -> if List.exists (fun (v : N.activation Program.bent_unit) -> v.act <> u.act) rest then rejected where "needs one activation" else u.act in
      if List.exists (fun (u : N.activation Program.bent_unit) -> u.biased = None) units then rejected where "needs pre-activations that are affine in the inputs";
      let biased = List.exists (fun (u : N.activation Program.bent_unit) -> u.biased = Some true) units in
      used ();
      let view = { net with N.widths = [ List.hd net.N.widths; List.length units; 1 ]; biases = [ biased; false ]; acts = [ act ]; program = None } in
      few_rays view;
      let s = Propose.scales view in
      demand where
        (C.ok_program_tree p (N.cact act) biased s (Propose.homogeneous view) (Propose.coordinates view s) vectors tree (N.q rho))
        "the vectors and the tree do not prove the bound";
      Lower { rho = printable rho; how = By_functions }
  | _ -> rejected where "needs a general program"

let far_away state f =
  let net = state.net in
  let p = net.N.problem and where = f.Read.where in
  let hidden = List.hd net.N.biases in
  let unit where v =
    let f = Read.fields where v in
    let sign = Read.need f "sign" Read.canonical and u = Read.need f "u" (Read.listed Read.canonical) in
    let nu = Read.need f "nu" Read.canonical in
    Read.finish f;
    if not (Q.equal (Q.abs sign) Q.one) then malformed (Read.at f "sign") "expected \"1\" or \"-1\"";
    if Q.sign nu < 0 then malformed (Read.at f "nu") "must not be negative";
    let bias_first = match List.rev u with b :: w when hidden -> b :: List.rev w | _ -> u in
    (Q.sign sign > 0, (N.vec bias_first, N.q nu)) in
  let c0 = N.q (Read.need f "constant" Read.canonical) in
  let units = Read.need f "units" (Read.listed unit) in
  if not (shallow net) then rejected where "needs one hidden layer and scalar output";
  let value = N.of_q (C.limit_risk p c0 units) in
  demand where (C.ok_limit p (List.nth net.N.widths 1) c0 units (N.q value)) "more units, or other ones, than the network has";
  Limit (printable value)

(* the separators: a list for each residual, that of the means or one for each vector (up to a factor) that proves no more than the bound *)
let unattained state f rho how =
  let net = state.net in
  let p = net.N.problem and where = f.Read.where and s = Propose.scales net in
  let separators = Read.need f "separators" (Read.listed (Read.listed (Read.listed Read.integer))) in
  if Propose.homogeneous net then rejected where "the units are positively homogeneous, so the infimum is attained";
  if net.N.loss <> N.Squared then rejected (Read.at f "separators") "the bound gives no residuals";
  let count residuals =
    if List.length residuals <> List.length separators then rejected (Read.at f "separators") "expected %d lists, one for each residual" (List.length residuals) in
  if Propose.sets_of_planes net > 1e5 then raise (Declined "too many rays to see whether the infimum is attained");
  let width = List.nth net.N.widths 1 in
  let units = min width (List.length net.N.data) and extra = Propose.coordinates net s in
  demand (Read.at f "separators") (match how with
    | By_functions ->
        let fits = List.map List.hd (Propose.means net) in
        count [ fits ];
        C.ok_unattained_functions p width s extra units (N.vec fits) (List.hd separators) (N.q rho)
    | By_tree { vectors; tree; _ } ->
        let residual g = Propose.residual net rho g in
        let residuals = List.fold_left (fun found g -> match residual g with
          | Some r when not (List.exists (List.equal Q.equal r) found) -> found @ [ r ] | _ -> found) [] vectors in
        count residuals;
        let given g = match residual g with
          | Some r -> snd (List.find (fun (r', _) -> List.equal Q.equal r r') (List.combine residuals separators)) | None -> [] in
        C.ok_unattained_tree p width s extra units (List.map (fun g -> (g, given g)) vectors) tree (N.q rho))
    "leave a set of units possible, or do not fit"

(* ---- the rules ---- *)
let prove state number rule f roles =
  let net = state.net in
  let p = net.N.problem and where = f.Read.where in
  let point role = premise state roles number role a_point in
  match rule with
  | "point" ->
      let given, th = own_point net f in
      Point { th; risk = printable (V.risk net th); given; step = number }
  | "interior_minimum" ->
      let at = point "point" in
      (* the cell first, as the kernel does *)
      demand where (V.inside net at.th) "it is at a breakpoint";
      let slopes = read_slopes net f at in
      demand where (V.interior net slopes at.th) "it is at a breakpoint, or the minorant is not constant on its cell";
      Minimum { at; inside = true; slopes }
  | "adjacent_cells" ->
      let at = point "point" in
      let live, dead = Propose.on_breakpoints net at.th in
      if live + dead > 12 then raise (Declined "too many cells meet at the point");
      demand where (V.adjacent net at.th) "the minorant is not constant on every cell around it";
      Minimum { at; inside = false; slopes = None }
  | "face_minimum" ->
      let at = point "point" in
      let slopes, mus = face_proposals state f at in
      demand where (C.ok_face (V.shown_in net slopes) (N.cparams at.th) mus) "a unit does not stay";
      Minimum { at; inside = false; slopes }
  | "descent" ->
      let at = point "point" in
      let path = curve state f "curve" at.th in
      demand where (V.descent net path) "the risk does not fall along the curve";
      No_minimum at
  | "spurious_minimum" ->
      let at, inside, slopes = premise state roles number "minimum" (function
        | Minimum { at; inside; slopes } -> Some (at, inside, slopes) | _ -> None) in
      let better = point "better" in
      demand where (V.better net (at.th, at.risk) (better.th, better.risk)) "its risk is not below";
      Spurious { at; better; inside; affine = V.affine net at.th slopes; linear = inside && V.linear net at.th; slopes }
  | "function_minimum" ->
      let at = point "point" in
      let slopes = read_slopes net f at in
      demand where (V.function_minimum net slopes at.th) "the residuals of equal inputs do not cancel";
      Global { at; affine = V.affine net at.th slopes }
  | "valley" ->
      let at, better, inside, slopes = premise state roles number "minimum" (function
        | Minimum { at; inside; slopes } -> Some (at, None, inside, slopes)
        | Spurious { at; better; inside; slopes; _ } -> Some (at, Some better, inside, slopes) | _ -> None) in
      if not inside then rejected (Read.at roles "minimum") "is not proved by interior_minimum";
      let path = curve state f "path" at.th in
      demand where (V.valley net slopes path) "the path leaves the cell or its predictions change";
      Valley { at; better; size = V.size net at.th; chain = net.program = None }
  | "function_bound" ->
      let fits = Propose.means net in
      let add s y m = Q.(s + Propose.loss net m y) in
      let total = List.fold_left2 (fun s (_, y) m -> List.fold_left2 add s y m) Q.zero net.N.data fits in
      let rho = printable Q.(net.N.factor * total) in
      demand where (V.function_bound net fits rho)
        "internal: the fits do not give the bound";
      Lower { rho; how = By_functions }
  | "global_lower_bound" -> tree_bound state f
  | "restricted_lower_bound" -> restricted_tree state f
  | "global_minimum" ->
      let rho, how = premise state roles number "bound" a_bound in
      let at = point "point" in
      demand where (Q.equal at.risk rho) "the point's risk is not the bound";
      demand where (match how with
        | By_functions -> V.attains net rho at.th
        | By_tree { width; _ } -> C.ok_global_minimum p width (N.q rho) (N.cparams at.th)) "internal: the point does not have the bound";
      let slopes = if List.mem_assoc "subgradient" f.Read.left then read_slopes net f at else None in
      Global { at; affine = (Propose.smooth net || slopes <> None) && V.affine net at.th slopes }
  | "bracket" ->
      let rho, _ = premise state roles number "bound" a_bound in
      Bracket (rho, premise state roles number "point" (function Point at -> Some at.risk | Limit value -> Some value | _ -> None))
  | "limit" -> far_away state f
  | "infimum" ->
      let rho, how = premise state roles number "bound" a_bound in
      let value = premise state roles number "limit" (function Limit value -> Some value | _ -> None) in
      demand where (Q.equal value rho && C.ok_shallow p) "the limit's risk is not the bound";
      Infimum { rho; how }
  | "not_attained" ->
      let rho, how = premise state roles number "infimum" (function Infimum { rho; how } -> Some (rho, how) | _ -> None) in
      unattained state f rho how;
      Not_attained rho
  | _ -> raise (Rests_on rule)

let rational_only = [ "point"; "interior_minimum"; "face_minimum"; "adjacent_cells"; "descent"; "spurious_minimum"; "function_minimum"; "valley";
  "global_lower_bound"; "global_minimum"; "limit"; "infimum"; "not_attained" ]

(* the rules of the kernel for general programs *)
let on_programs = [ "point"; "interior_minimum"; "descent"; "spurious_minimum"; "function_minimum"; "valley"; "function_bound"; "global_minimum"; "bracket"; "adjacent_cells";
  "critical_point"; "second_order"; "cell_kkt"; "enclosed_point"; "span_minimum"; "spurious_real"; "real_interior_minimum"; "real_function_minimum"; "real_descent"; "minimum_in_box"; "face_span"; "zero_infimum";
  "restricted_face_minimum"; "restricted_lower_bound"; "substitution" ]

(* rules that the kernel does not have for the loss or for programs, refused before anything of the step is read *)
let unfit net rule =
  (net.N.program <> None && not (List.mem rule on_programs)) ||
  if net.N.log_problem <> None then List.mem rule rational_only else rule = "adjacent_cells" && not (Propose.smooth net)

(* the same for losses with logarithms *)
let prove_real state number rule f roles =
  let net = state.net and where = f.Read.where in
  let enclosed = function Enclosed at -> Some at | _ -> None in
  match rule with
  | "enclosed_point" ->
      let from_file, par = own_point net f in
      Enclosed { par; ends = Reals.point net par; from_file }
  | "real_interior_minimum" ->
      (match net.N.loss with N.Cross_entropy _ -> rejected where "is not for this loss" | _ -> ());
      let at = premise state roles number "point" enclosed in
      demand where (C.ok_log_interior (Reals.about net) (N.cparams at.par)) "it is at a breakpoint, or the minorant is not constant on its cell";
      Minimum_real at
  | "real_descent" ->
      (match net.N.loss with N.Cross_entropy _ -> rejected where "is not for this loss" | _ -> ());
      let at = premise state roles number "point" enclosed in
      Reals.descent net where (curve state f "curve" at.par);
      No_minimum_real at
  | "span_minimum" ->
      let at = if List.mem_assoc "point" roles.Read.left then Some (premise state roles number "point" enclosed) else None in
      let ends, affine = Reals.span net f (Option.map (fun at -> (Read.at roles "point", at.par, snd at.ends)) at) in
      Span { ends; affine; cell = Option.map (fun at -> at.par) at }
  | "no_minimum" ->
      let at = if List.mem_assoc "point" roles.Read.left then Some (premise state roles number "point" enclosed) else None in
      No_best (Reals.no_minimum net f (Option.map (fun at -> (Read.at roles "point", at.par)) at))
  | "zero_infimum" ->
      let at = premise state roles number "point" enclosed in
      demand (Read.at roles "point") (C.ok_zero_infimum (Reals.about net) (N.cparams at.par)) "does not predict every label with a margin";
      Not_attained Q.zero
  | "spurious_real" ->
      let minimum = premise state roles number "minimum" (function (Span _ | Minimum_real _) as found -> Some found | _ -> None) in
      let better = premise state roles number "better" enclosed in
      let below (low, _) = if Q.geq (snd better.ends) low then rejected (Read.at roles "better") "its risk is not below" in
      (match minimum with
      | Span { ends; affine; cell } ->
          below ends;
          (match cell with
          | None -> Reals.better net ends better.par better.ends
          | Some th -> demand where (C.ok_apart (N.cparams th) (N.cparams better.par) (N.q (fst ends)) (N.q (snd better.ends))) "internal: the risks are not apart");
          Spurious_real { ends; better = better.ends; affine; cell = cell <> None }
      | Minimum_real at ->
          below at.ends;
          demand where (C.ok_apart (N.cparams at.par) (N.cparams better.par) (N.q (fst at.ends)) (N.q (snd better.ends))) "internal: the risks are not apart";
          Spurious_point { at; better = better.ends }
      | _ -> rejected where "internal: no minimum")
  | "real_lower_bound" ->
      (match net.N.loss with N.Cross_entropy _ -> rejected where "is not for this loss" | _ -> ());
      Lower { rho = printable (Reals.tree_bound net f); how = By_tree { width = List.nth net.N.widths 1; vectors = []; tree = [] } }
  | "bracket" ->
      let rho, _ = premise state roles number "bound" a_bound in
      let at = premise state roles number "point" enclosed in
      Real_bracket (rho, snd at.ends)
  | _ -> raise (Rests_on rule)

let step state number v =
  let where = Printf.sprintf "steps[%d]" number in
  let f = Read.fields where v in
  let rule = Read.need f "rule" Read.text in
  if not (List.mem rule all_rules) then malformed (where ^ ".rule") "unknown rule %S" rule;
  state.rules.(number) <- rule;
  if unfit state.net rule then rejected where "%s is not a rule for this loss" rule;
  let roles = Read.default f "from" (fun w v -> Read.fields w v) { Read.where = where ^ ".from"; left = [] } in
  try
    let how = if state.net.N.log_problem = None then prove else prove_real in
    let fact = how state number rule f roles in
    Read.finish roles;
    Read.finish f;
    fact
  with Rests_on missing ->
    (* its premises must be there; its other fields are not read *)
    let roles_of = match rule with
      | "spurious_minimum" | "spurious_real" -> [ "minimum"; "better" ] | "global_minimum" | "bracket" -> [ "bound"; "point" ]
      | "infimum" -> [ "bound"; "limit" ] | "not_attained" -> [ "infimum" ] | "restricted_face_minimum" | "real_interior_minimum" | "real_face_minimum" | "real_function_minimum" | "real_descent" | "zero_infimum" -> [ "point" ] | _ -> [] in
    let both = Read.fields roles.Read.where (Option.value (Json.field "from" v) ~default:(Json.Object [])) in
    List.iter (fun role -> ignore (Read.need both role any)) roles_of;
    List.iter (fun (role, v) -> match v with
      | Json.List l -> List.iter (fun v -> ignore (index state (Read.at roles role) (Read.natural (Read.at roles role) v) number)) l
      | v -> ignore (index state (Read.at roles role) (Read.natural (Read.at roles role) v) number)) roles.Read.left;
    Open missing
