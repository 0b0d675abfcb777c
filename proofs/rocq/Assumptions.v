(* The axioms behind every theorem: those of the classical reals; where a minimum is attained by completeness and where exp and ln are
   named, those that Coq's completeness, exp and ln use, too. *)
From Symverify Require Import Theorem1Proof Theorem1Losses Main ProgramRules RankRules.
Definition theorems := (theorem1_general, theorem1, theorem1_squared, theorem1_common, theorem1_relu, theorem1_leaky_relu, theorem1_absolute, theorem1_hard_tanh).
Definition checkers := (risk_Q_ok, ok_risk_sound, path_start, predict_ok, ok_interior_sound, ok_adjacent_sound, ok_better_sound, ok_face_sound,
  ok_valley_sound, ok_steady_sound, ok_descent_sound, ok_affine_fit_sound, ok_function_bound_sound, ok_global_function_sound,
  ok_tree_bound_sound, ok_limit_sound, ok_unattained_tree_sound, ok_unattained_functions_sound, ok_shallow_sound, ok_global_minimum_sound,
  ok_slopes_local, ok_slopes_global, ok_slopes_fit, ok_slopes_valley, ok_lost_sound, ok_attains_sound, ok_better_valley,
  program_predict_ok, program_risk_Q_ok, ok_program_risk_sound, ok_program_interior_sound, ok_program_flat_sound, ok_program_adjacent_sound, ok_program_better_sound, ok_program_valley_sound, ok_program_better_valley,
  ok_program_bound_sound, ok_program_tree_sound, program_attains, ok_program_linear_sound, ok_program_affine_sound, ok_program_descent_sound, ok_size_sound, ok_program_size_sound).
Definition with_completeness := (theorem1_huber, theorem1_logistic, theorem1_softmax, attained_logistic, attained_softmax, bound_logistic, bound_softmax, attained_poisson, bound_poisson,
  ok_theorem1_sound, ok_log_risk_sound, ok_span_sound, ok_log_better_sound, ok_log_tree_sound, ok_zero_infimum_sound, ok_no_minimum_sound,
  ok_constants_sound, ok_better_constants, ok_log_interior_sound, ok_apart_sound, ok_cell_span_sound, ok_cell_affine_sound, ok_apart_many, ok_log_descent_sound).
Print Assumptions theorems.
Print Assumptions checkers.
Print Assumptions with_completeness.
