(* Values of a file: fields of objects, each taken once; numbers, exact. Not verified. *)
open Fault

type fields = { where : string; mutable left : (string * Json.t) list }

let fields where = function Json.Object l -> { where; left = l } | _ -> malformed where "expected an object"
let at f name = if f.where = "" then name else f.where ^ "." ^ name

let take f name read =
  match List.assoc_opt name f.left with
  | None -> None
  | Some v ->
      f.left <- List.remove_assoc name f.left;
      Some (read (at f name) v)

let need f name read = match take f name read with Some v -> v | None -> malformed (at f name) "is missing"
let default f name read otherwise = Option.value (take f name read) ~default:otherwise
let finish f = match f.left with [] -> () | (name, _) :: _ -> malformed (at f name) "unknown key"

let text where = function Json.Text s -> s | _ -> malformed where "expected text"
let boolean where = function Json.Bool b -> b | _ -> malformed where "expected true or false"

let listed read where = function
  | Json.List l -> List.mapi (fun i v -> read (Printf.sprintf "%s[%d]" where i) v) l
  | _ -> malformed where "expected a list"

let sized n read where v =
  let l = listed read where v in
  if List.length l <> n then malformed where "expected %d items, got %d" n (List.length l);
  l

let integer where = function Json.Int s -> Z.of_string s | _ -> malformed where "expected an integer"

let natural where v =
  let z = integer where v in
  if Z.sign z < 0 || Z.numbits z > 31 then malformed where "expected a whole number";
  Z.to_int z

let all_digits s = s <> "" && String.for_all (fun c -> c >= '0' && c <= '9') s

(* a rational of a certificate: "p" or "p/q" in lowest terms *)
let canonical where v =
  let wrong () = malformed where "expected a rational in lowest terms as text" in
  match v with
  | Json.Text s ->
      let top, bottom = match String.index_opt s '/' with
        | None -> (s, None)
        | Some i -> (String.sub s 0 i, Some (String.sub s (i + 1) (String.length s - i - 1))) in
      let digits = if top <> "" && top.[0] = '-' then String.sub top 1 (String.length top - 1) else top in
      let below = Option.value bottom ~default:"1" in
      if not (all_digits digits && all_digits below) then wrong ();
      if String.length top > Json.max_digits || String.length below > Json.max_digits then wrong ();
      if Z.sign (Z.of_string below) = 0 then wrong ();
      let q = Q.make (Z.of_string top) (Z.of_string below) in
      if Q.to_string q <> s then wrong ();
      q
  | _ -> wrong ()

(* a decimal literal, as [+-]?(digits[.digits] | .digits)([eE][+-]?digits)? *)
let decimal where s =
  let wrong () = malformed where "expected a number" in
  let mantissa, exponent = match String.index_opt (String.lowercase_ascii s) 'e' with
    | None -> (s, "0")
    | Some i -> (String.sub s 0 i, String.sub s (i + 1) (String.length s - i - 1)) in
  let unsigned t = if t <> "" && (t.[0] = '+' || t.[0] = '-') then String.sub t 1 (String.length t - 1) else t in
  let negative t = t <> "" && t.[0] = '-' in
  let whole, frac = match String.index_opt (unsigned mantissa) '.' with
    | None -> (unsigned mantissa, None)
    | Some i -> let m = unsigned mantissa in (String.sub m 0 i, Some (String.sub m (i + 1) (String.length m - i - 1))) in
  let fraction = Option.value frac ~default:"" in
  let plain t = t = "" || all_digits t in
  if not (plain whole && plain fraction && whole ^ fraction <> "" && all_digits (unsigned exponent)) then wrong ();
  let e = Z.of_string (unsigned exponent) in
  if Z.gt e (Z.of_int Json.max_digits) then wrong ();
  let e = (if negative exponent then - (Z.to_int e) else Z.to_int e) - String.length fraction in
  let power = Z.pow (Z.of_int 10) (abs e) and m = Z.of_string (whole ^ fraction) in
  let q = if e >= 0 then Q.of_bigint (Z.mul m power) else Q.make m power in
  if negative mantissa then Q.neg q else q

(* a number of a network or data file: a JSON number, or text "p/q" or decimal *)
let liberal where v =
  let wrong () = malformed where "expected a number" in
  match v with
  | Json.Int s -> Q.of_bigint (Z.of_string s)
  | Json.Real s when String.length s <= Json.max_digits -> decimal where s
  | Json.Text s when String.length s <= Json.max_digits -> (
      match String.index_opt s '/' with
      | None -> decimal where s
      | Some i ->
          let top = String.sub s 0 i and bottom = String.sub s (i + 1) (String.length s - i - 1) in
          let digits = if top <> "" && (top.[0] = '-' || top.[0] = '+') then String.sub top 1 (String.length top - 1) else top in
          if not (all_digits digits && all_digits bottom) || Z.sign (Z.of_string bottom) = 0 then wrong ();
          let q = Q.make (Z.of_string digits) (Z.of_string bottom) in
          if top.[0] = '-' then Q.neg q else q)
  | _ -> wrong ()
