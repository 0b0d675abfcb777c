(* The network file: architecture, activations, loss, data and, if it gives them, parameters. Not verified: that the
   problem handed to the verified checkers is the one in the file rests on this reader. *)
open Fault
module C = Checker

type activation = ((Q.t * Q.t) * Q.t) list * (Q.t * Q.t) (* pieces ((t, s), o): s z + o up to t; then the last (s, o) *)
type params = Q.t list list list (* layers from the last to the first; rows with the bias first *)

type loss = Squared | Huber of Q.t | Absolute | Quantile of Q.t | Hinge
  | Logistic | Cross_entropy of Q.t (* label smoothing *) | Poisson

(* how points are spelled: chains layer by layer, programs node by node *)
type spelling = { read : 'a. (string -> Json.t -> 'a) -> string -> Json.t -> 'a list list list }

type t = {
  widths : int list; (* of a program the inputs and outputs *)
  biases : bool list; (* of each affine map, from the first *)
  acts : activation list;
  data : (Q.t list * Q.t list) list;
  given : params option;
  factor : Q.t;
  loss : loss;
  problem : C.problem; (* for losses with rational values *)
  log_problem : C.log_loss C.problem_of option; (* for the others *)
  program : C.program option; (* instead of `problem`, for a general program *)
  nodes : activation Program.t option; (* the same as it was read *)
  point : spelling;
  sha256 : string;
}

let q (x : Q.t) : C.q = { C.qnum = x.Q.num; qden = x.Q.den }
let of_q (x : C.q) = Q.make x.C.qnum x.C.qden
let vec = List.map q
let cparams = List.map (List.map vec)

(* ---- activations ---- *)
(* The activation through (z0, v0); a breakpoint between equal slopes is none. *)
let activation ts ss (z0, v0) : activation =
  let rec real = function
    | t :: ts, s :: (s' :: _ as ss) -> let ts', ss' = real (ts, ss) in if Q.equal s s' then (ts', ss') else (t :: ts', s :: ss')
    | _, ss -> ([], ss) in
  let ts, ss = real (ts, ss) in
  let rec offsets o = function
    | t :: ts, s :: (s' :: _ as ss) -> o :: offsets Q.(o + ((s - s') * t)) (ts, ss)
    | _ -> [ o ] in
  let raw = offsets Q.zero (ts, ss) in
  let rec value ts ss os = match (ts, ss, os) with
    | t :: ts', s :: ss', o :: os' -> if Q.leq z0 t then Q.((s * z0) + o) else value ts' ss' os'
    | [], [ s ], [ o ] -> Q.((s * z0) + o)
    | _ -> malformed "activation" "slopes" in
  let shift = Q.(v0 - value ts ss raw) in
  let rec pieces ts ss os = match (ts, ss, os) with
    | t :: ts, s :: ss, o :: os -> let ps, last = pieces ts ss os in (((t, s), Q.(o + shift)) :: ps, last)
    | [], [ s ], [ o ] -> ([], (s, Q.(o + shift)))
    | _ -> malformed "activation" "slopes" in
  pieces ts ss raw

let families = [
  ("relu", [ "0" ], [ "0"; "1" ], ("0", "0"));
  ("abs", [ "0" ], [ "-1"; "1" ], ("0", "0"));
  ("hardtanh", [ "-1"; "1" ], [ "0"; "1"; "0" ], ("0", "0"));
  ("relu6", [ "0"; "6" ], [ "0"; "1"; "0" ], ("0", "0"));
  ("hardsigmoid", [ "-3"; "3" ], [ "0"; "1/6"; "0" ], ("0", "1/2"));
  ("identity", [], [ "1" ], ("0", "0")) ]

let named where = function Json.Text _ as name -> { Read.where; left = [ ("name", name) ] } | v -> Read.fields where v

let read_activation where v =
  let f = named where v in
  let origin = (Q.zero, Q.zero) in
  let a = match Read.take f "name" Read.text with
    | None ->
        let ts = Read.need f "breakpoints" (Read.listed Read.liberal) in
        let ss = Read.need f "slopes" (Read.listed Read.liberal) in
        let anchor = Read.need f "anchor" (Read.sized 2 Read.liberal) in
        if List.length ss <> List.length ts + 1 then malformed where "expected one more slope than breakpoints";
        let rec rising = function a :: (b :: _ as l) -> Q.lt a b && rising l | _ -> true in
        if not (rising ts) then malformed where "breakpoints must increase strictly";
        activation ts ss (List.nth anchor 0, List.nth anchor 1)
    | Some "leaky_relu" ->
        let low = Read.default f "negative_slope" Read.liberal (Q.of_ints 1 100) in
        activation [ Q.zero ] [ low; Q.one ] origin
    | Some "two_piece" ->
        let low = Read.need f "negative_slope" Read.liberal in
        let high = Read.need f "positive_slope" Read.liberal in
        activation [ Q.zero ] [ low; high ] origin
    | Some name -> (
        match List.find_opt (fun (n, _, _, _) -> n = name) families with
        | None -> malformed where "unknown activation %S" name
        | Some (_, ts, ss, (a, b)) ->
            activation (List.map Q.of_string ts) (List.map Q.of_string ss) (Q.of_string a, Q.of_string b)) in
  Read.finish f;
  a

(* ---- loss and biases ---- *)
let positive where v = let x = Read.liberal where v in if Q.sign x <= 0 then malformed where "must be positive" else x

let fraction where v = let x = Read.liberal where v in if Q.sign x <= 0 || Q.geq x Q.one then malformed where "must be strictly between 0 and 1" else x

(* loss, names of classes, factor, and whether it is to be divided by the number of samples *)
let read_loss where v outputs =
  let f = named where v in
  let name = Read.need f "name" Read.text and reduction = Read.default f "reduction" Read.text "mean" in
  let factor = Read.default f "factor" positive Q.one in
  let part where v = let x = Read.liberal where v in if Q.sign x < 0 || Q.geq x Q.one then malformed where "must be at least 0 and below 1" else x in
  let loss = match name with
    | "squared" | "mse" -> Squared
    | "huber" -> Huber (Read.default f "delta" positive Q.one)
    | "smooth_l1" -> Huber (Read.default f "beta" positive Q.one)
    | "absolute" | "mae" | "l1" -> Absolute
    | "quantile" | "pinball" -> Quantile (Read.default f "tau" fraction (Q.of_ints 1 2))
    | "hinge" -> Hinge
    | "logistic" | "bce" | "bce_with_logits" -> Logistic
    | "cross_entropy" | "ce" -> Cross_entropy (Read.default f "label_smoothing" part Q.zero)
    | "poisson" -> Poisson
    | _ -> malformed where "unknown loss %S" name in
  (match loss with Cross_entropy _ when outputs < 2 -> malformed where "needs an output for each class" | _ -> ());
  let factor = match loss with Huber beta when name = "smooth_l1" -> Q.(factor / beta) | _ -> factor in
  if not (List.mem reduction [ "mean"; "sum" ]) then malformed where "expected \"mean\" or \"sum\"";
  let given = List.mem_assoc "classes" f.Read.left in
  let classes = Read.default f "classes" (Read.listed Read.text) [] in
  let fit = match loss with
    | Hinge | Logistic -> List.length classes = 2 && outputs = 1 | Cross_entropy _ -> List.length classes = outputs | _ -> false in
  if given && not (fit && List.length (List.sort_uniq compare classes) = List.length classes) then
    malformed where "expected distinct names, one for each class";
  Read.finish f;
  (loss, classes, factor, reduction = "mean")

(* whether one class may stand for a sample's labels *)
let classed loss classes = match loss with
  | Hinge | Logistic -> List.length classes = 2 | Cross_entropy _ -> true | _ -> false

(* labels as the loss compares with them *)
let made loss where given =
  let total = List.fold_left Q.add Q.zero given in
  let fine = match loss with
    | Hinge -> List.for_all (fun a -> Q.equal (Q.abs a) Q.one) given
    | Logistic -> List.for_all (fun a -> Q.sign a >= 0 && Q.leq a Q.one) given
    | Cross_entropy _ -> List.for_all (fun a -> Q.sign a >= 0) given && Q.equal total Q.one
    | Poisson -> List.for_all (fun a -> Q.sign a >= 0) given
    | _ -> true in
  if not fine then malformed where "these are no labels for this loss";
  match loss with Cross_entropy s -> List.map (fun y -> Q.(((one - s) * y) + (s / of_int (List.length given)))) given | _ -> given

let read_label loss classes outputs where v =
  let one = match v with Json.List [ x ] -> x | v -> v in
  let is_list = match one with Json.List _ -> true | _ -> false in
  let count = if classes = [] then outputs else List.length classes in
  let place = match one with
    | Json.Text t when classes <> [] -> (
        match List.filter (fun (_, c) -> c = t) (List.mapi (fun k c -> (k, c)) classes) with
        | (k, _) :: _ -> k | [] -> malformed where "expected one of the classes, got %S" t)
    | _ when is_list -> 0
    | _ ->
        if not (classed loss classes && (classes <> [] || outputs > 1)) then 0
        else
          let x = Read.liberal where one in
          if not (Z.equal x.Q.den Z.one) || Q.sign x < 0 || Q.geq x (Q.of_int count) then malformed where "expected a class";
          Z.to_int x.Q.num in
  let given =
    if classed loss classes && (not is_list) && (classes <> [] || outputs > 1) then
      match loss with
      | Hinge -> [ Q.of_int ((2 * place) - 1) ]
      | Logistic -> [ Q.of_int place ]
      | _ -> List.init outputs (fun k -> if k = place then Q.one else Q.zero)
    else Read.sized outputs Read.liberal where v in
  made loss where given

let read_bias where = function
  | Json.Object _ as v ->
      let f = Read.fields where v in
      let hidden = Read.default f "hidden" Read.boolean true in
      let output = Read.default f "output" Read.boolean true in
      Read.finish f;
      (hidden, output)
  | v -> let b = Read.boolean where v in (b, b)

(* ---- data ---- *)
(* CSV as Python's csv module reads it in strict mode; lines without a cell are left out. *)
let parse_csv s =
  let n = String.length s in
  let rows = ref [] and row = ref [] and cell = Buffer.create 16 in
  let cut () = row := String.trim (Buffer.contents cell) :: !row; Buffer.clear cell in
  let line () = rows := List.rev !row :: !rows; row := [] in
  let newline i = s.[i] = '\n' || s.[i] = '\r' in
  let after i = if s.[i] = '\r' && i + 1 < n && s.[i + 1] = '\n' then i + 2 else i + 1 in
  let rec start i =
    if i < n then if newline i then start (after i) else field i
  and field i = if i < n && s.[i] = '"' then quoted (i + 1) else plain i
  and plain i =
    if i >= n then (cut (); line ())
    else if newline i then (cut (); line (); start (after i))
    else if s.[i] = ',' then (cut (); field (i + 1))
    else (Buffer.add_char cell s.[i]; plain (i + 1))
  and quoted i =
    if i >= n then malformed "data.csv" "a quoted cell does not end"
    else if s.[i] <> '"' then (Buffer.add_char cell s.[i]; quoted (i + 1))
    else if i + 1 < n && s.[i + 1] = '"' then (Buffer.add_char cell '"'; quoted (i + 2))
    else if i + 1 >= n || newline (i + 1) || s.[i + 1] = ',' then plain (i + 1)
    else malformed "data.csv" "text after a quoted cell" in
  start 0;
  List.rev !rows

let read_table where v (inputs, outputs) (loss, classes) open_data =
  let f = Read.fields where v in
  let name = Read.need f "csv" Read.text in
  let xs = Read.need f "inputs" (Read.sized inputs Read.text) in
  let single = function Json.List [ _ ] -> classed loss classes | _ -> false in
  let ys = Read.need f "targets" (fun w v -> Read.sized (if single v then 1 else outputs) Read.text w v) in
  Read.finish f;
  if List.mem name [ ""; "."; ".." ] || String.exists (fun c -> String.contains "/\\:\000" c) name then
    malformed where "expected the name of a file beside this one";
  let bytes = open_data name in
  let bom = String.length bytes >= 3 && String.sub bytes 0 3 = "\xef\xbb\xbf" in
  let body = if bom then String.sub bytes 3 (String.length bytes - 3) else bytes in
  Json.check_utf8 body;
  let header, rows = match parse_csv body with h :: r -> (h, r) | [] -> ([], []) in
  let place column = match List.filter (fun (_, c) -> c = column) (List.mapi (fun i c -> (i, c)) header) with
    | [ (i, _) ] -> i | [] -> malformed where "%S is not a column" column
    | _ -> malformed where "%S is the name of several columns" column in
  let px = List.map place xs and py = List.map place ys in
  let read row =
    if List.length row <> List.length header then malformed where "a line with another number of cells";
    let get i = Read.liberal where (Json.Text (List.nth row i)) in
    let y = match py with
      | [ i ] when classed loss classes -> read_label loss classes outputs where (Json.Text (List.nth row i))
      | _ -> made loss where (List.map get py) in
    (List.map get px, y) in
  (List.map read rows, "\000" ^ bytes)

let read_data where v ((inputs, outputs) as sizes) ((loss, classes) as how) open_data =
  let sample where v =
    let f = Read.fields where v in
    let x = Read.need f "x" (Read.sized inputs Read.liberal) and y = Read.need f "y" (read_label loss classes outputs) in
    Read.finish f;
    (x, y) in
  let samples, more = match v with
    | Json.Object _ -> read_table where v sizes how open_data | _ -> (Read.listed sample where v, "") in
  if samples = [] then malformed where "expected at least one sample";
  (samples, more)

(* ---- parameters ---- *)
(* [{"weight": [[…], …], "bias": […]}, …] of any shape, then of the architecture's shape; `misfit` says what to raise. *)
let raw_params entry where v =
  let layer where v =
    let f = Read.fields where v in
    let weight = Read.need f "weight" (Read.listed (Read.listed entry)) and bias = Read.take f "bias" (Read.listed entry) in
    Read.finish f;
    (weight, bias) in
  Read.listed layer where v

let shaped misfit widths biases layers =
  let rec go layers biases widths = match (layers, biases, widths) with
    | (rows, bias) :: ls, b :: bs, w :: (w' :: _ as ws) ->
        if List.length rows <> w' || List.exists (fun r -> List.length r <> w) rows then raise (misfit "the shape of a weight");
        let rows = match (b, bias) with
          | true, Some v when List.length v = w' -> List.map2 (fun a r -> a :: r) v rows
          | false, None -> rows
          | _ -> raise (misfit "a bias") in
        rows :: go ls bs ws
    | [], [], [ _ ] -> []
    | _ -> raise (misfit "the number of layers") in
  List.rev (go layers biases widths)

(* ---- the file ---- *)
let cact ((ps, (s, o)) : activation) : C.q C.act = (List.map (fun ((t, s), o) -> ((q t, q s), q o)) ps, (q s, q o))
let identity : activation = ([], (Q.one, Q.zero))

(* the architecture: a chain of dense layers, or a general program *)
let read_chain f : int list * bool list * activation list * spelling =
  let hb, ob = Read.default f "bias" read_bias (true, true) in
  let widths = Read.need f "layers" (Read.listed Read.natural) in
  if List.length widths < 3 || List.mem 0 widths then malformed "layers" "expected three or more widths, each at least 1";
  let rec size = function a :: (b :: _ as l) -> ((a + 1) * b) + size l | _ -> 0 in
  if size widths > 1 lsl 20 then malformed "layers" "too many parameters";
  let hidden = List.length widths - 2 in
  let acts = Read.need f "activation" (fun where v -> match v with
    | Json.List _ -> Read.sized hidden read_activation where v
    | _ -> let a = read_activation where v in List.init hidden (fun _ -> a)) in
  let biases = List.init (hidden + 1) (fun i -> if i = hidden then ob else hb) in
  let misfit where what = Malformed (where ^ ": " ^ what ^ " is not the architecture's") in
  (widths, biases, acts, { read = (fun entry where v -> shaped (misfit where) widths biases (raw_params entry where v)) })

let read bytes open_data =
  let f = Read.fields "" (Json.parse bytes) in
  if Read.need f "format" Read.text <> "symverify-network/1" then malformed "format" "expected \"symverify-network/1\"";
  ignore (Read.take f "name" Read.text);
  if List.mem_assoc "symbols" f.Read.left then raise (Uncovered "symbols in labels");
  if List.mem_assoc "weight_decay" f.Read.left then raise (Uncovered "weight decay");
  let nodes = Read.take f "program" (Program.read (activation [ Q.zero ] [ Q.zero; Q.one ] (Q.zero, Q.zero)) read_activation) in
  let widths, biases, acts, point = match nodes with
    | None -> read_chain f
    | Some p -> ([ p.inputs; List.length p.outputs ], [], [], { read = (fun entry where v -> Program.read_point p entry where v) }) in
  let inputs = List.hd widths and outputs = List.nth widths (List.length widths - 1) in
  let loss, classes, factor, mean = Read.need f "loss" (fun where v -> read_loss where v outputs) in
  let data, more = Read.need f "data" (fun where v -> read_data where v (inputs, outputs) (loss, classes) open_data) in
  let factor = if mean then Q.(factor / of_int (List.length data)) else factor in
  let given = Read.take f "parameters" (point.read Read.liberal) in
  ignore (Read.default f "witnesses" (Read.listed (point.read Read.liberal)) []);
  Read.finish f;
  let layers = if nodes = None then List.map2 (fun b a -> (b, cact a)) biases (acts @ [ identity ]) else [] in
  let samples = List.map (fun (x, y) -> (vec x, vec y)) data in
  let about loss = { C.layers = List.rev layers; samples; loss_of = loss; factor = q factor; n_in = inputs; n_out = outputs } in
  let rational = match loss with
    | Huber d -> C.Huber (q d) | Absolute -> C.Absolute | Quantile tau -> C.Quantile (q tau) | Hinge -> C.Hinge
    | Squared | Logistic | Cross_entropy _ | Poisson -> C.Squared in
  let log_problem = match loss with
    | Logistic -> Some (about C.Logistic) | Cross_entropy _ -> Some (about C.CrossEntropy) | Poisson -> Some (about C.Poisson) | _ -> None in
  if nodes <> None && log_problem <> None then raise (Uncovered "a general program under a loss with logarithms");
  let slot = function Program.Free k -> C.Free k | Program.Number x -> C.Number (q x) in
  let node = function
    | Program.Affine rows -> C.Affine (List.map (List.map (fun (s, k) -> (slot s, k))) rows)
    | Program.Bend (h, units) -> C.Bend (cact h, units) in
  let program = Option.map (fun (p : activation Program.t) ->
    { C.nodes = List.map node p.nodes; outputs = p.outputs; data = samples; loss = rational; scale = q factor }) nodes in
  { widths; biases; acts; data; given; factor; loss; sha256 = Sha256.hex (bytes ^ more); problem = about rational; log_problem; program; nodes; point }
