(* The checkers as an OCaml library, with Zarith's integers. No real number and no axiom is extracted. *)
Require Import ZArith QArith List Extraction ExtrOcamlBasic ExtrOcamlNatInt ExtrOcamlZBigInt.
From Symverify Require Import Numbers Statements NoMinimum RealDescent Main Programs ProgramRules RankRules.
Extract Constant Z.lcm => "(fun a b -> Z.lcm a b)".
Extract Constant Z.gcd => "Big_int_Z.gcd_big_int".
Extract Constant common_divisor => "Big_int_Z.gcd_big_int".
Extract Constant Z.square => "Big_int_Z.square_big_int".
Extract Constant Pos.eqb => "Big_int_Z.eq_big_int".
Extract Constant mulp => "Big_int_Z.mult_big_int".
Extract Constant mulz => "Big_int_Z.mult_big_int".
Extraction "checker.ml" Problem risk_Q predict ok_interior ok_adjacent ok_better ok_face ok_valley ok_steady ok_tree_bound ok_global_minimum
  ok_function_bound ok_global_function ok_affine_fit ok_descent limit_risk ok_limit ok_unattained_tree ok_unattained_functions ok_shallow ok_theorem1 minorant_of ok_slopes ok_lost ok_attains ok_log_risk ok_span ok_log_better ok_log_tree ok_zero_infimum ok_no_minimum ok_constants ok_log_interior ok_apart ok_cell_span ok_cell_affine ok_log_descent tracks sided moving what_stays
  Program program_predict program_risk_Q program_supports program_inside ok_program_risk ok_program_interior ok_program_adjacent ok_program_better ok_program_valley ok_program_bound ok_program_tree
  ok_program_linear ok_program_affine ok_program_descent ok_size ok_program_size derivatives program_derivatives.
